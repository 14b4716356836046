// Tries the system calls that reach into other processes or into the kernel; one that works is one too many.
#include <fmt/core.h>

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <functional>

int honest() {
    int* blocks[5] = {};
    for (int*& block : blocks) {
        block = static_cast<int*>(std::malloc(sizeof(int)));
        if (block == nullptr) {
            fmt::print(stderr, "heap_growth: malloc returned NULL\n");
            return 1;
        }
        fmt::print("{}\n", static_cast<void*>(block));
        std::fflush(stdout);
    }
    fmt::print("heap grows {}\n", std::less<>{}(blocks[0], blocks[4]) ? "up" : "down");
    std::fflush(stdout);
    for (int* block : blocks) {
        std::free(block);
    }
    return 0;
}

bool refused(long result) {
    return result == -1 && (errno == EPERM || errno == ENOSYS || errno == EBADF);
}

int main() {
    const long parent = getppid();
    char byte = 0;
    iovec here{&byte, 1};
    iovec there{&byte, 1};
    const bool all =
        refused(syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)) &&
        refused(syscall(SYS_ptrace, PTRACE_ATTACH, parent, 0, 0)) &&
        refused(syscall(SYS_process_vm_readv, parent, &here, 1, &there, 1, 0)) &&
        refused(syscall(SYS_process_vm_writev, parent, &here, 1, &there, 1, 0)) &&
        refused(syscall(SYS_pidfd_getfd, 1, 1, 0)) && refused(syscall(SYS_io_uring_setup, 1, &byte)) &&
        refused(syscall(SYS_keyctl, 0, -3, 0)) && refused(syscall(SYS_add_key, "user", "a", "b", 1, -3)) &&
        refused(syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, nullptr)) &&
        refused(syscall(SYS_unshare, 0x10000000)) && refused(syscall(SYS_setns, 0, 0)) &&
        refused(syscall(SYS_bpf, 0, nullptr, 0)) && refused(syscall(SYS_userfaultfd, 1)) &&
        refused(syscall(SYS_perf_event_open, nullptr, 0, -1, -1, 0)) &&
        refused(syscall(SYS_kexec_load, 0, 0, nullptr, 0)) && refused(syscall(SYS_chroot, "/tmp")) &&
        refused(syscall(SYS_open_by_handle_at, 0, nullptr, 0)) &&
        refused(syscall(SYS_clone, 0x10000000 | 17, 0, 0, 0, 0));
    if (!all) {
        fmt::print("a call was let through: {}\n", errno);
        return 1;
    }
    return honest();
}
