#pragma once

#include <sys/syscall.h>
#include <unistd.h>

namespace vmlab::inside {

/// A system call that does not go through libc, whose functions (mmap, close, syscall itself) a program may
/// replace by its own. Returns what the kernel says: -errno when it refuses.
inline long raw_call(long number, long first = 0, long second = 0, long third = 0, long fourth = 0,
                     long fifth = 0, long sixth = 0) {
#if defined(__x86_64__)
    long result = number;
    register long r10 asm("r10") = fourth;
    register long r8 asm("r8") = fifth;
    register long r9 asm("r9") = sixth;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(first), "S"(second), "d"(third), "r"(r10), "r"(r8), "r"(r9)
                 : "rcx", "r11", "memory");
    return result;
#else
    return syscall(number, first, second, third, fourth, fifth, sixth);
#endif
}

}  // namespace vmlab::inside
