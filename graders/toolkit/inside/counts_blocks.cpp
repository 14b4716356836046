// A preloaded allocator that tells the grader of each block that is taken, and of each that is given back, as
// it happens. A second witness beside Memcheck's trace, for a run without Valgrind.
//
// It writes into memory that the grader has mapped too (block_record.hpp). So there is no descriptor that a
// program could close, nothing to flush, and what was told stays told however the program ends: by exit, by
// _exit, by a signal, by becoming another program. VMLAB_BLOCKS_DESCRIPTOR names the memory's descriptor,
// which is closed before the program's first instruction.
//
// A program that silences this witness all the same (it unmaps the memory, or brings an allocator that does
// not ask malloc) is one whose blocks are not heard of: they do not count.

#include <bits/functexcept.h>
#include <dlfcn.h>
#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "allocation_forms.hpp"
#include "block_record.hpp"
#include "libc_malloc.hpp"
#include "main_program.hpp"
#include "raw_call.hpp"
#include "settings.hpp"

namespace {

using vmlab::inside::BlockLog;
using vmlab::inside::BlockRecord;
using vmlab::inside::raw_call;

vmlab::inside::MainProgram program;
BlockLog* block_log = nullptr;
/// A page that reads as zeros in a child: a child of the program's has blocks of its own.
const volatile char* is_first_process = nullptr;

void* map(std::size_t bytes, int flags, int descriptor) {
    const long start =
        raw_call(SYS_mmap, 0, static_cast<long>(bytes), PROT_READ | PROT_WRITE, flags, descriptor);
    return start < 0 && start > -4096 ? nullptr : reinterpret_cast<void*>(start);
}

__attribute__((constructor)) void open_log(int /*argc*/, char** /*argv*/, char** environment) {
    vmlab::inside::Settings settings(environment);
    const auto descriptor = static_cast<int>(settings.take_number("VMLAB_BLOCKS_DESCRIPTOR", -1));
    settings.take_out("LD_PRELOAD");
    program = vmlab::inside::MainProgram(settings);

    constexpr std::size_t page_bytes = 4096;
    auto* page = static_cast<char*>(map(page_bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1));
    auto* shared = static_cast<BlockLog*>(map(vmlab::inside::block_log_bytes, MAP_SHARED, descriptor));
    (void)raw_call(SYS_close, descriptor);
    if (page == nullptr || shared == nullptr ||
        raw_call(SYS_madvise, reinterpret_cast<long>(page), page_bytes, MADV_WIPEONFORK) != 0) {
        return;
    }
    *page = 1;
    is_first_process = page;
    shared->own_malloc = program.holds(dlsym(RTLD_DEFAULT, "malloc")) ? 1 : 0;
    shared->sign = BlockLog::open_sign;
    block_log = shared;
}

void tell(BlockRecord::Kind kind, const void* block, std::size_t size) {
    if (block == nullptr || block_log == nullptr || *is_first_process == 0) {
        return;
    }
    const std::uint64_t at = std::atomic_ref(block_log->records).fetch_add(1, std::memory_order_relaxed);
    if (at >= vmlab::inside::most_block_records) {
        return;
    }
    BlockRecord& record = reinterpret_cast<BlockRecord*>(block_log + 1)[at];
    record.address = reinterpret_cast<std::uintptr_t>(block);
    record.size = size;
    std::atomic_ref(record.kind).store(kind, std::memory_order_release);
}

void* taken(void* block, std::size_t size, const void* caller, BlockRecord::Kind otherwise) {
    tell(program.holds(caller) ? BlockRecord::by_program : otherwise, block, size);
    return block;
}

/// Before it is: afterwards another thread may have the same address.
void give_back(const void* block) {
    tell(BlockRecord::given_back, block, 0);
}

void* from_malloc(void* block, std::size_t size, const void* caller) {
    return taken(block, size, caller, BlockRecord::by_library);
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

void* malloc(std::size_t size) {
    return from_malloc(__libc_malloc(size), size, __builtin_return_address(0));
}

void* calloc(std::size_t count, std::size_t size) {
    return from_malloc(__libc_calloc(count, size), count * size, __builtin_return_address(0));
}

void* realloc(void* block, std::size_t size) {
    give_back(block);
    void* moved = __libc_realloc(block, size);
    if (moved == nullptr && size != 0) {
        return from_malloc(block, 0, __builtin_return_address(0)), nullptr;
    }
    return from_malloc(moved, size, __builtin_return_address(0));
}

void free(void* block) {
    give_back(block);
    __libc_free(block);
}

}  // extern "C"
#pragma GCC visibility pop

namespace vmlab::inside {

void* aligned_block(std::size_t alignment, std::size_t size, const void* caller) {
    return from_malloc(__libc_memalign(alignment, size), size, caller);
}

void* nothrow_new(std::size_t size, std::size_t alignment, const void* caller) {
    void* made = alignment != 0 ? __libc_memalign(alignment, size) : __libc_malloc(size == 0 ? 1 : size);
    return taken(made, size, caller, BlockRecord::by_new);
}

void* plain_new(std::size_t size, std::size_t alignment, const void* caller) {
    void* block = nothrow_new(size, alignment, caller);
    if (block == nullptr) {
        std::__throw_bad_alloc();  // this library is built without exceptions: libstdc++ throws for it
    }
    return block;
}

}  // namespace vmlab::inside
