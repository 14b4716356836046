#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/evidence/allocation_trace.hpp"
#include "vmlab/grading/output.hpp"

namespace free_loop {

using vmlab::evidence::AllocationTrace;
using vmlab::evidence::Block;

inline constexpr std::uint64_t first_block_bytes = 5'000'000 * sizeof(int);
inline constexpr std::uint64_t second_block_bytes = 5'000'000 * sizeof(unsigned long);

/// One printed line: where the two blocks of a round lie.
struct Round {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
};

/// A line that is an address, a tab, an address, and nothing else.
inline std::optional<Round> round_of(std::string_view line) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos) {
        return std::nullopt;
    }
    const auto first = vmlab::grading::address_of(line.substr(0, tab));
    const auto second = vmlab::grading::address_of(line.substr(tab + 1));
    return first && second ? std::optional(Round{*first, *second}) : std::nullopt;
}

/// The addresses in a text, whether they begin with 0x or 0X.
inline std::vector<std::uint64_t> addresses_in(std::string text) {
    for (std::size_t at = text.find("0X"); at != std::string::npos; at = text.find("0X", at)) {
        text[at + 1] = 'x';
    }
    return vmlab::evidence::addresses_in(text);
}

/// Every line with exactly two addresses in it.
inline std::vector<Round> rounds_in(std::string_view text) {
    std::vector<Round> rounds;
    for (const std::string& line : vmlab::grading::lines_of(text)) {
        if (const auto addresses = addresses_in(line); addresses.size() == 2) {
            rounds.push_back({addresses[0], addresses[1]});
        }
    }
    return rounds;
}

/// The addresses of a whole text, two by two: for a program that sets out its lines wrongly.
inline std::vector<Round> rounds_of(std::string_view text) {
    const std::vector<std::uint64_t> addresses = addresses_in(std::string(text));
    std::vector<Round> rounds;
    for (std::size_t i = 0; i + 1 < addresses.size(); i += 2) {
        rounds.push_back({addresses[i], addresses[i + 1]});
    }
    return rounds;
}

/// Whether an address differs from that of the round before, in any of the rounds `from` (counted from 1, at
/// least 2) to the last.
inline bool moves(const std::vector<Round>& rounds, std::uint64_t Round::*column, std::size_t from) {
    for (std::size_t i = from - 1; i < rounds.size(); ++i) {
        if (rounds[i].*column != rounds[i - 1].*column) {
            return true;
        }
    }
    return false;
}

/// The blocks that a program of this activity is about, whatever size it gave them: the libraries' own are
/// far smaller.
inline std::vector<Block> large_blocks(const AllocationTrace& trace) {
    std::vector<Block> large = trace.blocks();
    std::erase_if(large, [](const Block& block) { return block.size < 1'000'000; });
    return large;
}

/// Whether a block was asked for to hold so many bytes. std::make_shared<int[]> asks for a little more, in
/// the same call of operator new: that is where it keeps its counts.
inline bool holds(std::uint64_t size, std::uint64_t bytes) {
    return size == bytes || (size >= bytes + 16 && size <= bytes + 64);
}

inline std::size_t number_of_blocks(const AllocationTrace& trace, std::uint64_t bytes) {
    const std::vector<Block> blocks = trace.blocks();
    return static_cast<std::size_t>(std::count_if(blocks.begin(), blocks.end(), [&](const Block& block) {
        return block.size == bytes ||
               (trace.calls[block.allocated_at].function == "_Znwm" && holds(block.size, bytes));
    }));
}

/// A printed address that is not what it should be.
struct WrongAddress {
    std::size_t round = 0;  ///< counted from 1
    std::uint64_t address = 0;
    std::string column;  ///< "first", "second"
    std::string what;    ///< completes "which is "
};

/// The first printed address that is not that of a block of its round: each column's blocks are allocated one
/// after the other, round by round, and the larger of a round's two stands second.
inline std::optional<WrongAddress> wrong_address(const std::vector<Round>& rounds,
                                                 const std::vector<Block>& blocks) {
    const auto next = [&blocks](std::size_t from, std::uint64_t address, std::size_t except) {
        while (from < blocks.size() && (blocks[from].address != address || from == except)) {
            ++from;
        }
        return from;
    };
    const std::size_t none = blocks.size();
    const std::string unknown = "not that of a large block allocated since the line before";
    std::size_t first_from = 0;
    std::size_t second_from = 0;
    for (std::size_t i = 0; i < rounds.size(); ++i) {
        const std::size_t first = next(first_from, rounds[i].first, none);
        if (first == none) {
            return WrongAddress{i + 1, rounds[i].first, "first", unknown};
        }
        std::size_t second = next(second_from, rounds[i].second, first);
        while (second != none && blocks[second].size < blocks[first].size) {
            second = next(second + 1, rounds[i].second, first);
        }
        if (second == none) {
            const bool is_a_block = next(second_from, rounds[i].second, first) != none;
            return WrongAddress{i + 1, rounds[i].second, "second",
                                is_a_block ? "that of the smaller block of the two" : unknown};
        }
        first_from = first + 1;
        second_from = second + 1;
    }
    return std::nullopt;
}

}  // namespace free_loop
