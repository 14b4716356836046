#pragma once

#include <cstddef>

namespace vmlab::inside {

// What a preloaded allocator says of the less common ways to allocate, which allocation_forms.cpp takes from
// libc and libstdc++. `caller` is the return address; an alignment of 0 asks for no more than malloc's.

/// memalign, aligned_alloc, posix_memalign: NULL says that there is no memory.
void* aligned_block(std::size_t alignment, std::size_t size, const void* caller);
/// new and new[]: throws std::bad_alloc when there is no memory.
void* plain_new(std::size_t size, std::size_t alignment, const void* caller);
/// new (std::nothrow): NULL says that there is no memory.
void* nothrow_new(std::size_t size, std::size_t alignment, const void* caller);

}  // namespace vmlab::inside
