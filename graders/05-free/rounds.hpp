#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/evidence/allocation_trace.hpp"

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

inline std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

/// Every line with exactly two addresses in it.
inline std::vector<Round> rounds_in(std::string_view text) {
    std::vector<Round> rounds;
    for (const std::string& line : lines_of(text)) {
        if (const auto addresses = vmlab::evidence::addresses_in(line); addresses.size() == 2) {
            rounds.push_back({addresses[0], addresses[1]});
        }
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
    std::vector<Block> large;
    for (const Block& block : trace.blocks()) {
        if (block.size >= 1'000'000) {
            large.push_back(block);
        }
    }
    return large;
}

/// The blocks of so many bytes. std::make_shared<int[]> asks for a little more, in the same call of operator
/// new: that is where it keeps its counts.
inline std::size_t number_of_blocks(const AllocationTrace& trace, std::uint64_t bytes) {
    const std::vector<Block> blocks = trace.blocks();
    return static_cast<std::size_t>(std::count_if(blocks.begin(), blocks.end(), [&](const Block& block) {
        const bool with_counts = trace.calls[block.allocated_at].function == "_Znwm" &&
                                 block.size >= bytes + 16 && block.size <= bytes + 64;
        return block.size == bytes || with_counts;
    }));
}

/// How many of the addresses, from the first on, are those of large blocks in the order of their allocation.
inline std::size_t in_order_of_allocation(const std::vector<std::uint64_t>& addresses,
                                          const std::vector<Block>& blocks) {
    std::size_t matched = 0;
    for (const Block& block : blocks) {
        if (matched < addresses.size() && block.address == addresses[matched]) {
            ++matched;
        }
    }
    return matched;
}

}  // namespace free_loop
