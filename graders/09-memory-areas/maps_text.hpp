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
    bool of_a_large_file = false;  ///< whose offsets and inodes are long numbers

    /// What has to stand behind an address of it.
    [[nodiscard]] std::string told() const { return permissions + " " + (path.empty() ? "anonymous" : path); }
};

/// As the kernel writes it (fs/proc/task_mmu.c): the path begins at column 74, and behind an anonymous
/// mapping's inode there is a blank. At high addresses the numbers before the path of a large file are longer
/// than that.
inline std::string text_of(const std::vector<Row>& rows) {
    std::string text;
    for (const Row& row : rows) {
        const std::uint64_t number = row.start >> 12U;
        const bool is_file = row.path.starts_with('/');
        const bool is_large = is_file && row.of_a_large_file;
        constexpr std::uint64_t scatter = 0x9e3779b97f4a7c15;
        const std::uint64_t inode =
            is_large ? number * scatter | std::uint64_t{1} << 63U : 131'072 + number % 4096;
        const std::uint64_t offset =
            is_large ? (number * scatter >> 12U | std::uint64_t{1} << 51U) << 12U : row.start & 0x7f000U;
        const char* const of_a_file = is_large ? "103:0a" : "08:01";
        const char* const device = is_file ? of_a_file : "00:00";
        std::string line = fmt::format("{:08x}-{:08x} {} {:08x} {} {} ", row.start, row.end, row.permissions,
                                       is_file ? offset : 0, device, is_file ? inode : 0);
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
        all.push_back({.start = at, .end = at + bytes, .permissions = drawn_permissions(), .path = path});
        constexpr std::array<std::uint64_t, 4> longest_gap = {0, 1, 16, 0xfff};
        const std::uint64_t longest = longest_gap[drawn(0, longest_gap.size() - 1)];
        at += bytes + (drawn(std::min<std::uint64_t>(longest, 1), longest) << 12U);
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
        const std::uint64_t inside = row.start + drawn(0, row.end - row.start - 1);
        // The last one has 16 bits more than a processor of today looks at.
        const std::array<std::uint64_t, 6> places = {
            row.start, row.end - 1, row.end, inside, row.start - 1, inside | std::uint64_t{0xffff} << 48U};
        ask(places[i % places.size()]);
    }
    ask(0);
    ask(1);
    ask(~std::uint64_t{0});
    return all;
}

}  // namespace areas
