// A preloaded allocator whose blocks show which of their pages have been written to, to whoever reads
// /proc/PID/maps from outside: a page that was written to is "rw-p" there, every other one "r--p".
//
// Each block of the sizes that VMLAB_BLOCK_SIZES names ("700001,400000") is pages of its own, begins with a
// page, and has a page before and behind it that may not be used at all. No header stands in it: what is
// written there, the program has written. All other blocks are libc's.
//
// The first write to a page is caught (SIGSEGV), the page is made writable, and the write happens again. The
// kernel's own writes (read, getrandom) cannot be caught, so those calls make their pages writable before.

#include <bits/functexcept.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "allocation_forms.hpp"
#include "libc_malloc.hpp"
#include "settings.hpp"

// NOLINTNEXTLINE(bugprone-reserved-identifier): glibc's own name of what is taken below
extern "C" int __sigaction(int signal, const struct sigaction* action, struct sigaction* before);

namespace {

constexpr std::size_t page_bytes = 4096;
/// For all blocks together; a block that is freed stays taken.
constexpr std::size_t region_pages = 65'536;
/// Unusable at either end, so that whatever the kernel maps beside the region (a thread's stack, with its
/// guard of one page) is not taken for a block: evidence/shown_blocks.cpp knows the region by it.
constexpr std::size_t edge_pages = 64;
constexpr std::size_t most_sizes = 4;

char* region = nullptr;
std::atomic<std::size_t> taken_pages{edge_pages};
std::size_t shown_sizes[most_sizes];
/// The size of the block that begins with this page.
std::uint32_t size_at[region_pages];
/// Whether the page is a block's.
std::atomic<bool> is_of_block[region_pages];
struct sigaction of_program;  ///< what the program itself wants done about a SIGSEGV

bool in_region(const void* address) {
    const auto* byte = static_cast<const char*>(address);
    return region != nullptr && byte >= region && byte < region + region_pages * page_bytes;
}

std::size_t page_of(const void* address) {
    return static_cast<std::size_t>(static_cast<const char*>(address) - region) / page_bytes;
}

bool is_shown(std::size_t size) {
    for (const std::size_t each : shown_sizes) {
        if (region != nullptr && size != 0 && each == size) {
            return true;
        }
    }
    return false;
}

void* shown_block(std::size_t size) {
    const std::size_t pages = (size + page_bytes - 1) / page_bytes;
    const std::size_t first = taken_pages.fetch_add(pages + 1, std::memory_order_relaxed) + 1;
    void* block = region + first * page_bytes;
    if (first + pages + edge_pages >= region_pages || mprotect(block, pages * page_bytes, PROT_READ) != 0) {
        errno = ENOMEM;
        return nullptr;
    }
    size_at[first] = static_cast<std::uint32_t>(size);
    for (std::size_t page = first; page < first + pages; ++page) {
        is_of_block[page] = true;
    }
    return block;
}

void make_writable(std::size_t page) {
    mprotect(region + page * page_bytes, page_bytes, PROT_READ | PROT_WRITE);
}

/// Before the kernel writes there.
void expect_write(const void* buffer, std::size_t bytes) {
    if (bytes == 0 || !in_region(buffer)) {
        return;
    }
    const std::size_t last =
        (static_cast<std::size_t>(static_cast<const char*>(buffer) - region) + bytes - 1) / page_bytes;
    for (std::size_t page = page_of(buffer); page <= last && page < region_pages; ++page) {
        if (is_of_block[page]) {
            make_writable(page);
        }
    }
}

void show_write(int signal, siginfo_t* info, void* context) {
    if (in_region(info->si_addr) && is_of_block[page_of(info->si_addr)]) {
        make_writable(page_of(info->si_addr));
        return;
    }
    // A fault of the program's own. With nobody to handle it it happens again, and ends the program.
    if ((of_program.sa_flags & SA_SIGINFO) != 0) {
        of_program.sa_sigaction(signal, info, context);
    } else if (of_program.sa_handler != SIG_DFL && of_program.sa_handler != SIG_IGN) {
        of_program.sa_handler(signal);
    } else {
        struct sigaction usual = {};
        usual.sa_handler = SIG_DFL;
        __sigaction(signal, &usual, nullptr);
    }
}

/// Before any code of the program itself.
__attribute__((constructor)) void prepare(int /*argc*/, char** /*argv*/, char** environment) {
    vmlab::inside::Settings settings(environment);
    const char* text = settings.text("VMLAB_BLOCK_SIZES");
    for (std::size_t i = 0; text != nullptr && *text != '\0' && i < most_sizes; ++i) {
        char* end = nullptr;
        shown_sizes[i] = std::strtoul(text, &end, 10);
        text = *end == ',' ? end + 1 : end;
    }
    settings.take_out("VMLAB_BLOCK_SIZES");
    settings.take_out("LD_PRELOAD");
    void* room = mmap(nullptr, region_pages * page_bytes, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) {
        return;
    }
    region = static_cast<char*>(room);
    struct sigaction action = {};
    action.sa_sigaction = show_write;
    action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
    __sigaction(SIGSEGV, &action, nullptr);
}

void* block_of(std::size_t size) {
    return is_shown(size) ? shown_block(size) : __libc_malloc(size);
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

void* malloc(std::size_t size) {
    return block_of(size);
}

void* calloc(std::size_t count, std::size_t size) {
    std::size_t bytes = 0;
    const bool fits = !__builtin_mul_overflow(count, size, &bytes);
    return fits && is_shown(bytes) ? shown_block(bytes) : __libc_calloc(count, size);
}

void* realloc(void* block, std::size_t size) {
    if (block == nullptr) {
        return block_of(size);
    }
    if (!in_region(block)) {
        return __libc_realloc(block, size);
    }
    void* moved = size == 0 ? nullptr : block_of(size);
    if (moved != nullptr) {
        const std::size_t before = size_at[page_of(block)];
        std::memcpy(moved, block, size < before ? size : before);
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

void free(void* block) {
    if (!in_region(block)) {
        __libc_free(block);
    }
}

std::size_t malloc_usable_size(void* block) {
    if (block == nullptr) {
        return 0;
    }
    if (in_region(block)) {
        return size_at[page_of(block)];
    }
    // libc's own: the size in the header, without its three flags and without what the header takes.
    return (static_cast<std::size_t*>(block)[-1] & ~std::size_t{7}) - 2 * sizeof(std::size_t);
}

ssize_t read(int descriptor, void* buffer, std::size_t bytes) {
    expect_write(buffer, bytes);
    return syscall(SYS_read, descriptor, buffer, bytes);
}

ssize_t getrandom(void* buffer, std::size_t bytes, unsigned flags) {
    expect_write(buffer, bytes);
    return syscall(SYS_getrandom, buffer, bytes, flags);
}

int sigaction(int signal, const struct sigaction* action, struct sigaction* before) {
    if (signal != SIGSEGV || region == nullptr) {
        return __sigaction(signal, action, before);
    }
    const struct sigaction old = of_program;
    if (action != nullptr) {
        of_program = *action;
    }
    if (before != nullptr) {
        *before = old;
    }
    return 0;
}

sighandler_t signal(int signal, sighandler_t handler) {
    struct sigaction action = {};
    struct sigaction before = {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    return sigaction(signal, &action, &before) != 0 ? SIG_ERR : before.sa_handler;
}

}  // extern "C"
#pragma GCC visibility pop

namespace vmlab::inside {

void* aligned_block(std::size_t alignment, std::size_t size, const void* /*caller*/) {
    return alignment <= page_bytes && is_shown(size) ? shown_block(size) : __libc_memalign(alignment, size);
}

void* nothrow_new(std::size_t size, std::size_t alignment, const void* caller) {
    return alignment != 0 ? aligned_block(alignment, size, caller) : block_of(size == 0 ? 1 : size);
}

void* plain_new(std::size_t size, std::size_t alignment, const void* caller) {
    void* block = nothrow_new(size, alignment, caller);
    if (block == nullptr) {
        std::__throw_bad_alloc();  // this library is built without exceptions: libstdc++ throws for it
    }
    return block;
}

}  // namespace vmlab::inside
