#pragma once

// What growing printed: "<size> <room> <address> <area>", a line for each size.

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vmlab/evidence/syscalls.hpp"
#include "vmlab/grading/output.hpp"

namespace growing {

struct Line {
    std::uint64_t size = 0;
    std::uint64_t room = 0;
    std::uint64_t address = 0;
    std::string area;
    std::size_t call = 0;  ///< the system call that wrote it, in a record of them
};

struct Lines {
    std::vector<Line> lines;          ///< the right ones, up to the flaw
    std::optional<std::string> flaw;  ///< what is wrong with them: completes "…, but" on a card
};

/// 1, 2, 4, ..., most.
inline std::vector<std::uint64_t> sizes_up_to(std::uint64_t most) {
    std::vector<std::uint64_t> sizes = {1};
    while (sizes.back() < most) {
        sizes.push_back(std::min(sizes.back() * 2, most));
    }
    return sizes;
}

inline std::optional<Line> parse_line(const std::string& text) {
    const auto words = vmlab::grading::words_of(text);
    if (words.size() != 4 || (words[3] != "stack" && words[3] != "heap" && words[3] != "mapping")) {
        return std::nullopt;
    }
    const auto size = vmlab::grading::whole_number(words[0]);
    const auto room = vmlab::grading::whole_number(words[1]);
    const auto address = vmlab::grading::address_of(words[2]);
    if (!size || !room || !address) {
        return std::nullopt;
    }
    return Line{.size = *size, .room = *room, .address = *address, .area = words[3]};
}

/// Reads the lines that a text of `most` characters gives.
inline Lines lines_in(const std::vector<vmlab::evidence::PacedLine>& lines, std::uint64_t most) {
    Lines result;
    const auto sizes = sizes_up_to(most);
    for (std::size_t i = 0; i < std::max(lines.size(), sizes.size()); ++i) {
        if (i >= lines.size()) {
            result.flaw = fmt::format("the output ends after line {}; size {} is missing", i, sizes[i]);
            return result;
        }
        auto line = parse_line(lines[i].text);
        if (i >= sizes.size() || !line || line->size != sizes[i]) {
            result.flaw = fmt::format(
                "line {} is \"{}\", {}", i + 1, vmlab::grading::shown(lines[i].text, 1),
                i < sizes.size() ? fmt::format("not \"{} ROOM ADDRESS stack|heap|mapping\"", sizes[i])
                                 : std::string("and there should be none"));
            return result;
        }
        line->call = lines[i].call;
        result.lines.push_back(std::move(*line));
    }
    return result;
}

/// The same of a run whose system calls nobody recorded.
inline Lines lines_in(const std::string& out, std::uint64_t most) {
    std::vector<vmlab::evidence::PacedLine> lines;
    for (std::string& line : vmlab::grading::lines_of(out)) {
        lines.push_back({.text = std::move(line)});
    }
    return lines_in(lines, most);
}

}  // namespace growing
