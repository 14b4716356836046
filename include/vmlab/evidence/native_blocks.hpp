#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>

namespace vmlab::evidence {

/// What a run without Valgrind told of the blocks that the program itself took (preloaded allocator).
struct NativeBlocks {
    std::size_t taken = 0;
    /// How many blocks of each size, in bytes, were not given back by the end.
    std::map<std::uint64_t, std::size_t> never_freed;
};

/// Reads rows "+ADDRESS SIZE" and "-ADDRESS" (addresses in base 16). Rows that are none, and the freeing of
/// blocks that nobody told of, are passed over: the program could write rows itself.
[[nodiscard]] NativeBlocks native_blocks(std::string_view rows);

}  // namespace vmlab::evidence
