#pragma once

// What the checks of activity 2 ask of the evidence: pure functions, no judgement.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/evidence/allocation_trace.hpp"
#include "vmlab/evidence/memcheck.hpp"

namespace leaks {

using vmlab::evidence::AllocationTrace;
using vmlab::evidence::Block;
using vmlab::evidence::Frame;
using vmlab::evidence::Leak;
using vmlab::evidence::LeakKind;
using vmlab::evidence::MemcheckReport;

inline constexpr std::string_view source_file = "leaks.cpp";

/// How many blocks there are of each size.
using Sizes = std::map<std::uint64_t, std::size_t>;

/// The blocks that a program allocates and never frees. Of the starter: the blocks that the activity is
/// about.
inline Sizes never_freed(const AllocationTrace& trace) {
    Sizes sizes;
    for (const Block& block : trace.blocks()) {
        if (!block.freed_at) {
            ++sizes[block.size];
        }
    }
    return sizes;
}

inline std::size_t number_of_blocks(const Sizes& sizes) {
    std::size_t blocks = 0;
    for (const auto& [size, count] : sizes) {
        blocks += count;
    }
    return blocks;
}

inline std::size_t blocks_of(const Sizes& sizes, std::uint64_t size) {
    const auto found = sizes.find(size);
    return found == sizes.end() ? 0 : found->second;
}

/// A size of which fewer blocks were allocated than `wanted` says; nothing when there are enough of each.
inline std::optional<std::uint64_t> size_with_too_few(const Sizes& wanted, const AllocationTrace& trace) {
    for (const auto& [size, count] : wanted) {
        if (trace.blocks_of_size(size).size() < count) {
            return size;
        }
    }
    return std::nullopt;
}

/// Whether any block of one of these sizes was freed.
inline bool frees_any(const Sizes& sizes, const AllocationTrace& trace) {
    const std::vector<Block> blocks = trace.blocks();
    return std::any_of(blocks.begin(), blocks.end(), [&sizes](const Block& block) {
        return block.freed_at.has_value() && sizes.contains(block.size);
    });
}

/// The first block of one of these sizes that was never freed.
inline std::optional<Block> first_kept(const Sizes& sizes, const AllocationTrace& trace) {
    for (const Block& block : trace.blocks()) {
        if (!block.freed_at && sizes.contains(block.size)) {
            return block;
        }
    }
    return std::nullopt;
}

/// The lines of leaks.cpp on which these blocks were allocated.
inline std::set<std::int64_t> lines_of(const std::vector<Leak>& leaks) {
    std::set<std::int64_t> lines;
    for (const Leak& leak : leaks) {
        if (const Frame* frame = leak.at(source_file)) {
            lines.insert(frame->line);
        }
    }
    return lines;
}

inline bool names_lines(const MemcheckReport& report) {
    return !lines_of(report.leaks).empty();
}

/// "16 bytes in 1 block"
inline std::string amount(std::uint64_t bytes, std::uint64_t blocks) {
    return fmt::format("{} byte{} in {} block{}", bytes, bytes == 1 ? "" : "s", blocks,
                       blocks == 1 ? "" : "s");
}

/// A buffer that libstdc++ makes when std::ios::sync_with_stdio(false) is called, and that no program can
/// free.
inline bool is_kept_by_the_library(const vmlab::evidence::Leak& leak) {
    return leak.kind == LeakKind::still_reachable &&
           std::any_of(leak.stack.begin(), leak.stack.end(), [](const auto& frame) {
               return frame.object.starts_with("libstdc++.so") &&
                      frame.function.starts_with("std::ios_base::sync_with_stdio");
           });
}

/// What is lost in this way and might have been freed.
inline std::vector<vmlab::evidence::Leak> left_by_the_program(const MemcheckReport& report, LeakKind kind) {
    std::vector<vmlab::evidence::Leak> left = report.leaks_of(kind);
    std::erase_if(left, is_kept_by_the_library);
    return left;
}

/// Whether just as much is lost in this way as in another run.
inline bool same_loss(const MemcheckReport& one, const MemcheckReport& other, LeakKind kind) {
    return one.bytes(kind) == other.bytes(kind) && one.blocks(kind) == other.blocks(kind);
}

/// What stands in that line of a text, without its indentation.
inline std::string line_of(const std::string& text, std::int64_t number) {
    std::size_t start = number < 1 ? std::string::npos : 0;
    for (std::int64_t line = 1; line < number && start != std::string::npos; ++line) {
        start = text.find('\n', start);
        start = start == std::string::npos ? start : start + 1;
    }
    if (start == std::string::npos || start >= text.size()) {
        return "(there is no such line)";
    }
    start = std::min(text.find_first_not_of(' ', start), text.size());
    const std::string line = text.substr(start, text.find('\n', start) - start);
    return line.empty() ? "(an empty line)" : line;
}

}  // namespace leaks
