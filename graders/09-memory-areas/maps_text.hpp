#pragma once

// Texts in the form of /proc/PID/maps, drawn anew for each grading, and what is right about them.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/grading/draw.hpp"

namespace areas {

using vmlab::grading::drawn;

/// One mapping of the text. An empty path: anonymous.
struct Row {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::string permissions;
    std::string path;

    /// What has to stand behind an address of it.
    [[nodiscard]] std::string told() const { return permissions + " " + (path.empty() ? "anonymous" : path); }
};

/// As the kernel writes it (fs/proc/task_mmu.c): the path begins at column 74, and behind an anonymous
/// mapping's inode there is a blank.
inline std::string text_of(const std::vector<Row>& rows) {
    std::string text;
    std::uint64_t inode = 131072;
    for (const Row& row : rows) {
        const bool is_file = row.path.starts_with('/');
        std::string line = fmt::format("{:08x}-{:08x} {} {:08x} {} {} ", row.start, row.end, row.permissions,
                                       is_file ? row.start & 0x7f000U : 0, is_file ? "08:01" : "00:00",
                                       is_file ? ++inode : 0);
        if (!row.path.empty()) {
            line.resize(std::max<std::size_t>(line.size(), 73), ' ');
            line += row.path;
        }
        text += line + "\n";
    }
    return text;
}

inline std::string drawn_permissions() {
    constexpr std::array<std::string_view, 7> usual = {"r--p", "r-xp", "rw-p", "---p",
                                                       "rw-s", "r--s", "rwxp"};
    return std::string(usual[drawn(0, usual.size() - 1)]);
}

/// Draws rows in order of their addresses, with gaps and without. A # in a path becomes a number.
template <std::size_t Count>
std::vector<Row> drawn_rows(const std::array<std::string_view, Count>& paths, std::size_t count) {
    std::vector<Row> all;
    std::uint64_t at = drawn(0x10, 0x7ff) << 12U;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t bytes = drawn(1, 64) << 12U;
        std::string path(paths[drawn(0, Count - 1)]);
        if (const std::size_t mark = path.find('#'); mark != std::string::npos) {
            path.replace(mark, 1, std::to_string(drawn(100, 99'999)));
        }
        all.push_back({at, at + bytes, drawn_permissions(), path});
        at += bytes + (drawn(0, 2) == 0 ? 0 : drawn(1, 0xfff) << 12U);
        if (drawn(0, 9) == 0) {
            at += drawn(1, 0xff) << 32U;
        }
    }
    return all;
}

/// One address, and what is right.
struct Question {
    std::uint64_t address = 0;
    std::string told;
};

/// Addresses at the edges of rows and inside, in gaps, in an order of their own.
inline std::vector<Question> questions_on(const std::vector<Row>& rows, std::size_t most) {
    std::vector<Question> all;
    const auto ask = [&](std::uint64_t address) {
        std::string told = "unmapped";
        for (const Row& row : rows) {
            if (address >= row.start && address < row.end) {
                told = row.told();
            }
        }
        all.push_back({address, told});
    };
    for (std::size_t i = 0; i < most && !rows.empty(); ++i) {
        const Row& row = rows[drawn(0, rows.size() - 1)];
        const std::array<std::uint64_t, 5> places = {
            row.start, row.end - 1, row.end, row.start + drawn(0, row.end - row.start - 1), row.start - 1};
        ask(places[i % places.size()]);
    }
    ask(1);
    ask(~std::uint64_t{0});
    return all;
}

}  // namespace areas
