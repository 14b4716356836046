#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace vmlab::evidence {

/// What a run without Valgrind told of the blocks that were taken (preloaded allocator).
struct NativeBlocks {
    /// How many blocks of each size, in bytes, were taken by the program or by a library for it.
    std::map<std::uint64_t, std::size_t> taken;
    /// Where the blocks lay that the program itself took, in order.
    std::vector<std::uint64_t> addresses;
    /// How many of these were not given back by the end.
    std::map<std::uint64_t, std::size_t> never_freed;
    /// The program was told of to its end. Otherwise blocks may have been taken and given back unheard.
    bool to_the_end = false;
};

/// Reads rows "+ADDRESS SIZE" (taken by the program), "~ADDRESS SIZE" (by a library), "-ADDRESS" and "="
/// (the end); addresses in base 16. Rows that are none, and the freeing of blocks that nobody told of, are
/// passed over: the program could write rows itself.
[[nodiscard]] NativeBlocks native_blocks(std::string_view rows);

}  // namespace vmlab::evidence
