#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace vmlab::evidence {

/// One block, as a run without Valgrind told of it.
struct NativeBlock {
    std::uint64_t address = 0;
    std::uint64_t size = 0;  ///< bytes asked for
    /// Taken by the program's own code, or by a library's `new` (a std::string's); else by a library's
    /// malloc.
    bool programs_own = false;
    bool given_back = false;
};

/// What a run without Valgrind told of its blocks (preloaded allocator).
struct NativeBlocks {
    /// In the order in which they were taken.
    std::vector<NativeBlock> blocks;
    /// The allocator was there and could tell. Otherwise nothing is known, and no block is in the list.
    bool heard = false;
    /// More was told than there was room for: blocks are missing, and some may have been given back.
    bool overflowed = false;
    /// The program brings a malloc of its own, from which libraries get their blocks too: all are
    /// programs_own.
    bool own_malloc = false;

    /// How many blocks of that size were taken.
    [[nodiscard]] std::size_t taken(std::uint64_t size) const;
    /// How many of the program's own blocks of each size were not given back by its end.
    [[nodiscard]] std::map<std::uint64_t, std::size_t> never_freed() const;
};

/// Reads the memory that the preloaded allocator wrote (graders/toolkit/inside/block_record.hpp). Total: the
/// program could have written there. The giving back of a block that nobody told of is passed over, and so is
/// a record that is not whole.
[[nodiscard]] NativeBlocks native_blocks(std::string_view memory);

}  // namespace vmlab::evidence
