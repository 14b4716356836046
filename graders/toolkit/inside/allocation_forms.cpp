#include "allocation_forms.hpp"

#include <cerrno>
#include <cstddef>
#include <new>

using vmlab::inside::aligned_block;
using vmlab::inside::nothrow_new;
using vmlab::inside::plain_new;

#pragma GCC visibility push(default)
extern "C" {

void* memalign(std::size_t alignment, std::size_t size) {
    return aligned_block(alignment, size, __builtin_return_address(0));
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
    return aligned_block(alignment, size, __builtin_return_address(0));
}

int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
    if (alignment == 0 || alignment % sizeof(void*) != 0 || (alignment & (alignment - 1)) != 0) {
        return EINVAL;
    }
    void* made = aligned_block(alignment, size, __builtin_return_address(0));
    if (made == nullptr) {
        return ENOMEM;
    }
    *block = made;
    return 0;
}

}  // extern "C"

void* operator new(std::size_t size) {
    return plain_new(size, 0, __builtin_return_address(0));
}

void* operator new[](std::size_t size) {
    return plain_new(size, 0, __builtin_return_address(0));
}

void* operator new(std::size_t size, std::align_val_t alignment) {
    return plain_new(size, static_cast<std::size_t>(alignment), __builtin_return_address(0));
}

void* operator new[](std::size_t size, std::align_val_t alignment) {
    return plain_new(size, static_cast<std::size_t>(alignment), __builtin_return_address(0));
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return nothrow_new(size, 0, __builtin_return_address(0));
}

void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return nothrow_new(size, 0, __builtin_return_address(0));
}

void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return nothrow_new(size, static_cast<std::size_t>(alignment), __builtin_return_address(0));
}

void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return nothrow_new(size, static_cast<std::size_t>(alignment), __builtin_return_address(0));
}
#pragma GCC visibility pop
