#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vmlab/evidence/syscalls.hpp"
#include "vmlab/grading/output.hpp"

namespace alloc_size {

/// What alloc_size printed in one round, and at which system calls (in a record of them).
struct Round {
    std::vector<std::uint64_t> addresses;
    std::size_t allocated_at = 0;
    std::size_t freed_at = 0;

    /// How many of its blocks, of so many bytes each, lie in one another.
    [[nodiscard]] std::size_t overlapping(std::uint64_t size) const {
        std::vector<std::uint64_t> sorted = addresses;
        std::sort(sorted.begin(), sorted.end());
        std::size_t count = 0;
        for (std::size_t i = 1; i < sorted.size(); ++i) {
            count += sorted[i] - sorted[i - 1] < size ? 1 : 0;
        }
        return count;
    }
};

struct Rounds {
    std::vector<Round> rounds;        ///< the whole ones, up to the flaw
    std::optional<std::string> flaw;  ///< what is wrong with the lines: completes "line 3 is …"
};

/// Reads the lines of `rounds` rounds of `count` blocks.
inline Rounds rounds_of(const std::vector<vmlab::evidence::PacedLine>& lines, std::size_t count,
                        std::size_t rounds) {
    Rounds result;
    std::size_t at = 0;
    const auto next = [&]() -> std::optional<vmlab::evidence::PacedLine> {
        return at < lines.size() ? std::optional(lines[at++]) : std::nullopt;
    };
    const auto complain = [&](const std::optional<vmlab::evidence::PacedLine>& line,
                              const std::string& wanted) {
        result.flaw =
            line ? fmt::format("line {} is \"{}\", not {}", at, vmlab::grading::shown(line->text, 1), wanted)
                 : fmt::format("the output ends after line {}; then comes {}", at, wanted);
        return result;
    };
    for (std::size_t i = 0; i < rounds; ++i) {
        Round round;
        for (std::size_t k = 0; k < count; ++k) {
            const auto line = next();
            const auto address = line ? vmlab::grading::address_of(line->text) : std::nullopt;
            if (!address) {
                return complain(line, "an address");
            }
            round.addresses.push_back(*address);
        }
        const auto allocated = next();
        if (!allocated || allocated->text != "allocated") {
            return complain(allocated, "\"allocated\"");
        }
        const auto freed = next();
        if (!freed || freed->text != "freed") {
            return complain(freed, "\"freed\"");
        }
        round.allocated_at = allocated->call;
        round.freed_at = freed->call;
        result.rounds.push_back(std::move(round));
    }
    if (const auto more = next()) {
        return complain(more, "the end");
    }
    return result;
}

/// The same of a run whose system calls nobody recorded.
inline Rounds rounds_of(const std::string& out, std::size_t count, std::size_t rounds) {
    std::vector<vmlab::evidence::PacedLine> lines;
    for (std::string& line : vmlab::grading::lines_of(out)) {
        lines.push_back({.text = std::move(line)});
    }
    return rounds_of(lines, count, rounds);
}

}  // namespace alloc_size
