#pragma once

// What paging is asked to do, and what it says of it.

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/grading/dialogue.hpp"
#include "vmlab/grading/output.hpp"

namespace paging {

constexpr std::uint64_t kibibyte = 1024;
constexpr std::uint64_t mebibyte = 1024 * kibibyte;
constexpr std::uint64_t pages_of_a_mebibyte = 256;

/// "pass 1 wrong=0 swapped=4612 majflt=4121"
struct Line {
    std::uint64_t wrong = 0;
    std::uint64_t swapped = 0;  ///< bytes
    std::uint64_t major_faults = 0;
};

inline std::optional<Line> parse_line(const std::string& text) {
    const auto words = vmlab::grading::words_of(text);
    if (words.size() != 5) {
        return std::nullopt;
    }
    const auto wrong = vmlab::grading::number_behind("wrong=", words[2]);
    const auto swapped = vmlab::grading::number_behind("swapped=", words[3]);
    const auto faults = vmlab::grading::number_behind("majflt=", words[4]);
    if (!wrong || !swapped || !faults || *swapped >= (std::uint64_t{1} << 40U)) {
        return std::nullopt;
    }
    return Line{.wrong = *wrong, .swapped = *swapped * kibibyte, .major_faults = *faults};
}

struct Task {
    std::uint64_t megabytes = 16;
    std::uint64_t passes = 1;
    bool lock = false;

    [[nodiscard]] std::vector<std::string> arguments() const {
        std::vector<std::string> words = {"--mb", std::to_string(megabytes), "--passes",
                                          std::to_string(passes)};
        if (lock) {
            words.emplace_back("--lock");
        }
        return words;
    }

    /// The beginnings of its lines.
    [[nodiscard]] std::vector<std::string> lines() const {
        std::vector<std::string> all = {fmt::format("filled {}", megabytes)};
        for (std::uint64_t pass = 1; pass <= passes; ++pass) {
            all.push_back(fmt::format("pass {}", pass));
        }
        return all;
    }

    [[nodiscard]] std::uint64_t pages() const { return megabytes * pages_of_a_mebibyte; }
    [[nodiscard]] std::uint64_t bytes() const { return megabytes * mebibyte; }
};

/// Its lines, when all are there and each says what it should.
inline std::vector<Line> parse_lines(const Task& task, std::string_view out) {
    std::vector<Line> lines;
    if (vmlab::grading::flaw_in_output(out, task.lines())) {
        return {};
    }
    for (const std::string& text : vmlab::grading::lines_of(out)) {
        const auto line = parse_line(text);
        if (!line) {
            return {};
        }
        lines.push_back(*line);
    }
    return lines;
}

}  // namespace paging
