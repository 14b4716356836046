// A preloaded allocator that runs out of memory: malloc, calloc and realloc give NULL after the first N calls
// that the program itself makes, N being VMLAB_MALLOC_CALLS_THAT_WORK. It shows what a program does with
// NULL. With VMLAB_MALLOC_CALLS_THAT_FAIL there is memory again after that many.
//
// Only calls from the program's own code are counted and fail, so that iostreams, fmt and the dynamic loader
// go on working. `new (std::nothrow)` answers NULL just as malloc does and is treated alike; plain `new`
// always works, so that a std::vector in which a program keeps its pointers is not what breaks. Where that is
// not wanted, VMLAB_PLAIN_NEW_GIVES_NULL=1 lets plain `new` be counted too, and give NULL. No real `new` does
// that, and no program looks: one that uses its object crashes, one that made it only for show goes on.

#include <bits/functexcept.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <limits>

#include "allocation_forms.hpp"
#include "libc_malloc.hpp"
#include "main_program.hpp"
#include "settings.hpp"

namespace {

using vmlab::inside::in_main_program;

std::atomic<long> calls_made;

long calls_that_work = 0;
long calls_that_fail = std::numeric_limits<long>::max();
bool plain_new_gives_null = false;

/// Before any code of the program itself.
__attribute__((constructor)) void read_settings() {
    calls_that_work = vmlab::inside::take_number("VMLAB_MALLOC_CALLS_THAT_WORK", 0);
    calls_that_fail = vmlab::inside::take_number("VMLAB_MALLOC_CALLS_THAT_FAIL", calls_that_fail);
    plain_new_gives_null = vmlab::inside::take_number("VMLAB_PLAIN_NEW_GIVES_NULL", 0) != 0;
}

// Counts a call, and says whether it is one that must fail.
bool must_fail(const void* caller) {
    if (!in_main_program(caller)) {
        return false;
    }
    const long beyond = calls_made.fetch_add(1, std::memory_order_relaxed) - calls_that_work;
    if (beyond < 0 || beyond >= calls_that_fail) {
        return false;
    }
    errno = ENOMEM;
    return true;
}

void* made_by_new(std::size_t size, std::size_t alignment) {
    return alignment != 0 ? __libc_memalign(alignment, size) : __libc_malloc(size == 0 ? 1 : size);
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
    return must_fail(__builtin_return_address(0)) ? nullptr : __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) {
    return must_fail(__builtin_return_address(0)) ? nullptr : __libc_calloc(count, size);
}

void* realloc(void* block, std::size_t size) {
    // realloc(block, 0) frees: there is nothing to run out of.
    if (block != nullptr && size == 0) {
        return __libc_realloc(block, size);
    }
    return must_fail(__builtin_return_address(0)) ? nullptr : __libc_realloc(block, size);
}

}  // extern "C"

namespace vmlab::inside {

void* aligned_block(std::size_t alignment, std::size_t size, const void* caller) {
    return must_fail(caller) ? nullptr : __libc_memalign(alignment, size);
}

void* nothrow_new(std::size_t size, std::size_t alignment, const void* caller) {
    return must_fail(caller) ? nullptr : made_by_new(size, alignment);
}

void* plain_new(std::size_t size, std::size_t alignment, const void* caller) {
    if (plain_new_gives_null && must_fail(caller)) {
        return nullptr;
    }
    void* block = made_by_new(size, alignment);
    if (block == nullptr) {
        std::__throw_bad_alloc();  // this library is built without exceptions: libstdc++ throws for it
    }
    return block;
}

}  // namespace vmlab::inside
