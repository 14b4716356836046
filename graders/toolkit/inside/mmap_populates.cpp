// A preloaded mmap whose private anonymous mappings have all their pages from the start (MAP_POPULATE): with
// it no later access of such a mapping faults. A program that counts its page faults counts other numbers
// then; one that prints what it expects prints the old ones.

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

void* populated(void* address, size_t bytes, int rights, int flags, int descriptor, long offset) {
    constexpr int kind = MAP_PRIVATE | MAP_ANONYMOUS;
    const bool fills = (flags & kind) == kind && (rights & PROT_WRITE) != 0;
    const long result =
        syscall(SYS_mmap, address, bytes, rights, fills ? flags | MAP_POPULATE : flags, descriptor, offset);
    return reinterpret_cast<void*>(result);
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

void* mmap(void* address, size_t bytes, int rights, int flags, int descriptor, off_t offset) noexcept {
    return populated(address, bytes, rights, flags, descriptor, offset);
}

void* mmap64(void* address, size_t bytes, int rights, int flags, int descriptor, off64_t offset) noexcept {
    return populated(address, bytes, rights, flags, descriptor, offset);
}

}  // extern "C"
#pragma GCC visibility pop
