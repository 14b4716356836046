// A preloaded allocator whose blocks forget: whatever the program writes into one of its own blocks is gone
// before it can read it, and it reads zeros. What a program prints all the same does not come out of its
// blocks: they were for show, even when it writes and reads them. (own_blocks.hpp says which are its own.)
//
// Each block is pages of its own that cannot be written. A write is caught (SIGSEGV), done as a single step
// (the trap flag, SIGTRAP), and its pages are thrown away. Only blocks of the program's own are made
// so: iostreams, fmt and the dynamic loader go on working.

#include <bits/functexcept.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "allocation_forms.hpp"
#include "libc_malloc.hpp"
#include "own_blocks.hpp"
#include "settings.hpp"

namespace {

vmlab::inside::OwnBlocks own_blocks;

/// Room for all blocks together; a block that is freed stays taken.
constexpr std::size_t region_bytes = 256UL << 20U;
constexpr std::size_t page_bytes = 4096;

char* region = nullptr;
std::atomic<std::size_t> taken;

bool in_region(const void* address) {
    const auto* byte = static_cast<const char*>(address);
    return region != nullptr && byte >= region && byte < region + region_bytes;
}

void* forgetful_block(std::size_t size) {
    const std::size_t bytes = (size / page_bytes + 1) * page_bytes;
    if (region == nullptr || bytes > region_bytes) {
        return nullptr;
    }
    const std::size_t at = taken.fetch_add(bytes, std::memory_order_relaxed);
    return at + bytes > region_bytes ? nullptr : region + at;
}

#if defined(__x86_64__)
constexpr greg_t trap_flag = 0x100;

void let_one_write_through(int signal, siginfo_t* info, void* context) {
    if (!in_region(info->si_addr)) {
        ::signal(signal, SIG_DFL);  // a fault of the program's own: it happens again, and ends it
        return;
    }
    mprotect(region, region_bytes, PROT_READ | PROT_WRITE);
    static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL] |= trap_flag;
}

void forget_what_was_written(int /*signal*/, siginfo_t* /*info*/, void* context) {
    static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL] &= ~trap_flag;
    madvise(region, region_bytes, MADV_DONTNEED);
    mprotect(region, region_bytes, PROT_READ);
}

void handle(int signal, void (*handler)(int, siginfo_t*, void*)) {
    struct sigaction action = {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO;
    sigaction(signal, &action, nullptr);
}
#endif

/// Before any code of the program itself. On other processors the first write ends the program: that finds
/// out all but those who write into their blocks for show.
__attribute__((constructor)) void prepare(int /*argc*/, char** /*argv*/, char** environment) {
    vmlab::inside::Settings settings(environment);
    settings.take_out("LD_PRELOAD");
    own_blocks = vmlab::inside::OwnBlocks(settings);
    void* room = mmap(nullptr, region_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) {
        return;
    }
    region = static_cast<char*>(room);
#if defined(__x86_64__)
    handle(SIGSEGV, let_one_write_through);
    handle(SIGTRAP, forget_what_was_written);
#endif
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

void* malloc(std::size_t size) {
    return own_blocks.asked_for_by(__builtin_return_address(0)) ? forgetful_block(size) : __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) {
    if (!own_blocks.asked_for_by(__builtin_return_address(0))) {
        return __libc_calloc(count, size);
    }
    std::size_t bytes = 0;
    return __builtin_mul_overflow(count, size, &bytes) ? nullptr : forgetful_block(bytes);
}

void* realloc(void* block, std::size_t size) {
    if (in_region(block) || (block == nullptr && own_blocks.asked_for_by(__builtin_return_address(0)))) {
        return size == 0 && block != nullptr ? nullptr : forgetful_block(size);
    }
    return __libc_realloc(block, size);
}

void free(void* block) {
    if (!in_region(block)) {
        __libc_free(block);
    }
}

}  // extern "C"
#pragma GCC visibility pop

namespace vmlab::inside {

void* aligned_block(std::size_t alignment, std::size_t size, const void* caller) {
    if (!own_blocks.asked_for_by(caller)) {
        return __libc_memalign(alignment, size);
    }
    return alignment > page_bytes ? nullptr : forgetful_block(size);
}

void* nothrow_new(std::size_t size, std::size_t alignment, const void* caller) {
    if (alignment != 0) {
        return own_blocks.made_by_new(caller, size) ? forgetful_block(size)
                                                    : __libc_memalign(alignment, size);
    }
    return own_blocks.made_by_new(caller, size) ? forgetful_block(size) : __libc_malloc(size == 0 ? 1 : size);
}

void* plain_new(std::size_t size, std::size_t alignment, const void* caller) {
    void* block = nothrow_new(size, alignment, caller);
    if (block == nullptr) {
        std::__throw_bad_alloc();  // this library is built without exceptions: libstdc++ throws for it
    }
    return block;
}

}  // namespace vmlab::inside
