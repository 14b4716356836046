// A preloaded allocator whose heap grows down: every block lies below the one before it.
//
// Under it a program that compares the addresses of its blocks must say "down"; one that has the answer
// written into it says "up". One large mapping is reserved and handed out from its upper end. Nothing is ever
// given back: free() does nothing, so no address comes a second time. Before each block stands its size, for
// realloc().
//
// When VMLAB_HEAP_SEED is an odd number, the mapping is handed out from its lower end instead. Nothing else
// differs then, so that a program cannot tell the direction from what is loaded, only from the addresses.

#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "settings.hpp"

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else  // without Valgrind's headers: nobody is told of the blocks
#define VALGRIND_MALLOCLIKE_BLOCK(...) (void)0
#define VALGRIND_FREELIKE_BLOCK(...) (void)0
#define VALGRIND_MAKE_MEM_NOACCESS(...) (void)0
#define VALGRIND_MAKE_MEM_DEFINED(...) (void)0
#endif

namespace {

constexpr std::size_t alignment = 16;
constexpr std::size_t header_bytes = 16;
constexpr std::size_t largest_heap = std::size_t{4} << 30U;
constexpr std::size_t smallest_heap = std::size_t{16} << 20U;

// Zero-initialised and without constructor: the dynamic loader asks for memory before any constructor has
// run.
std::atomic<std::uintptr_t> heap_end;
std::atomic<std::uintptr_t> heap_lowest;
// The memory between these two addresses is still free.
std::atomic<std::uintptr_t> free_start;
std::atomic<std::uintptr_t> heap_next;

// Reserves the heap. Several threads may do so at once: the first one's mapping stays.
bool reserve() {
    if (heap_end.load(std::memory_order_acquire) != 0) {
        return true;
    }
    for (std::size_t size = largest_heap; size >= smallest_heap; size /= 2) {
        void* start =
            mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (start == MAP_FAILED) {
            continue;
        }
        (void)VALGRIND_MAKE_MEM_NOACCESS(start, size);
        const auto lowest = reinterpret_cast<std::uintptr_t>(start);
        std::uintptr_t nobody = 0;
        if (!heap_lowest.compare_exchange_strong(nobody, lowest)) {
            munmap(start, size);
            while (heap_end.load(std::memory_order_acquire) == 0) {
            }
            return true;
        }
        free_start.store(lowest, std::memory_order_relaxed);
        heap_next.store(lowest + size, std::memory_order_relaxed);
        heap_end.store(lowest + size, std::memory_order_release);
        return true;
    }
    return false;
}

std::size_t* header_of(void* block) {
    auto* header = reinterpret_cast<std::size_t*>(static_cast<char*>(block) - header_bytes);
    (void)VALGRIND_MAKE_MEM_DEFINED(header, sizeof *header);
    return header;
}

std::size_t size_of(void* block) {
    std::size_t* header = header_of(block);
    const std::size_t size = *header;
    (void)VALGRIND_MAKE_MEM_NOACCESS(header, sizeof *header);
    return size;
}

// A block as its caller gets it. Where Memcheck watches, it is told of the block: nothing else in this heap
// may be touched.
void* made(std::uintptr_t address, std::size_t size) {
    void* block = reinterpret_cast<void*>(address);
    std::size_t* header = header_of(block);
    *header = size;
    (void)VALGRIND_MAKE_MEM_NOACCESS(header, sizeof *header);
    VALGRIND_MALLOCLIKE_BLOCK(block, size, 0, 1);
    return block;
}

bool upwards = false;

// Before any code of the program itself. The calls that come earlier are the libraries'.
__attribute__((constructor)) void read_settings(int /*argc*/, char** argv, char** environment) {
    vmlab::inside::Settings settings(environment);
    if (!settings.are_for(argv[0])) {
        return;
    }
    upwards = settings.take_number("VMLAB_HEAP_SEED", 0) % 2 == 1;
    settings.take_out("VMLAB_PROGRAM");
    settings.take_out("LD_PRELOAD");
}

void* allocate_upwards(std::size_t size, std::size_t align) {
    std::uintptr_t before = free_start.load(std::memory_order_relaxed);
    std::uintptr_t block = 0;
    std::uintptr_t after = 0;
    do {
        block = (before + header_bytes + align - 1) & ~(align - 1);
        after = block + (size == 0 ? 1 : size);
        if (after < before || after > heap_next.load(std::memory_order_relaxed)) {
            errno = ENOMEM;
            return nullptr;
        }
    } while (!free_start.compare_exchange_weak(before, after, std::memory_order_relaxed));
    return made(block, size);
}

void* allocate(std::size_t size, std::size_t align = alignment) {
    if (align < alignment) {
        align = alignment;
    }
    if (!reserve() || size > PTRDIFF_MAX) {
        errno = ENOMEM;
        return nullptr;
    }
    if (upwards) {
        return allocate_upwards(size, align);
    }
    std::uintptr_t before = heap_next.load(std::memory_order_relaxed);
    std::uintptr_t block = 0;
    do {
        // Even an empty block gets an address of its own.
        const std::size_t wanted = (size == 0 ? 1 : size) + header_bytes + align;
        if (wanted < size || before - free_start.load(std::memory_order_relaxed) < wanted) {
            errno = ENOMEM;
            return nullptr;
        }
        block = (before - (size == 0 ? 1 : size)) & ~(align - 1);
    } while (!heap_next.compare_exchange_weak(before, block - header_bytes, std::memory_order_relaxed));
    return made(block, size);
}

bool is_power_of_two(std::size_t number) {
    return number != 0 && (number & (number - 1)) == 0;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

void* malloc(std::size_t size) {
    return allocate(size);
}

void free(void* block) {
    if (block != nullptr) {
        VALGRIND_FREELIKE_BLOCK(block, 0);
    }
}

void* calloc(std::size_t count, std::size_t size) {
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return nullptr;
    }
    return allocate(bytes);  // fresh pages of an anonymous mapping are zero, and no block is used twice
}

void* realloc(void* block, std::size_t size) {
    if (block == nullptr) {
        return allocate(size);
    }
    const std::size_t old_size = size_of(block);
    void* moved = allocate(size);
    if (moved != nullptr) {
        std::memcpy(moved, block, old_size < size ? old_size : size);
        free(block);
    }
    return moved;
}

void* reallocarray(void* block, std::size_t count, std::size_t size) {
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return nullptr;
    }
    return realloc(block, bytes);
}

void* memalign(std::size_t align, std::size_t size) {
    if (!is_power_of_two(align)) {
        errno = EINVAL;
        return nullptr;
    }
    return allocate(size, align);
}

void* aligned_alloc(std::size_t align, std::size_t size) {
    return memalign(align, size);
}

int posix_memalign(void** result, std::size_t align, std::size_t size) {
    if (!is_power_of_two(align) || align % sizeof(void*) != 0) {
        return EINVAL;
    }
    const int saved = errno;
    void* block = allocate(size, align);
    errno = saved;
    if (block == nullptr) {
        return ENOMEM;
    }
    *result = block;
    return 0;
}

void* valloc(std::size_t size) {
    return allocate(size, 4096);
}

void* pvalloc(std::size_t size) {
    return allocate((size + 4095) & ~std::size_t{4095}, 4096);
}

std::size_t malloc_usable_size(void* block) {
    return block == nullptr ? 0 : size_of(block);
}

}  // extern "C"
#pragma GCC visibility pop
