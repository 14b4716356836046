#include "process/syscall_filter.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace vmlab::process {

namespace {

constexpr const char* refused[] = {
    // other processes
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_getfd",
    "process_madvise",
    "kcmp",
    // system call interfaces beside the system call table
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "bpf",
    "userfaultfd",
    "perf_event_open",
    // keys, modules, kernels
    "keyctl",
    "add_key",
    "request_key",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "reboot",
    "syslog",
    "acct",
    "swapon",
    "swapoff",
    "quotactl",
    "quotactl_fd",
    "lookup_dcookie",
    // namespaces and mounts
    "unshare",
    "setns",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "open_tree",
    "mount_setattr",
    "open_by_handle_at",
    "name_to_handle_at",
    // the machine's own settings
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "sethostname",
    "setdomainname",
    "ioperm",
    "iopl",
};

using Context = std::unique_ptr<void, void (*)(scmp_filter_ctx)>;

Result<void> refuse(const Context& filter, const char* name) {
    const int number = ::seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR || number < 0) {
        return {};  // this libseccomp or this architecture has no such call
    }
    const int error = ::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), number, 0);
    if (error != 0) {
        return failed(fmt::format("seccomp_rule_add {}: {}", name, std::strerror(-error)));
    }
    return {};
}

/// clone with CLONE_NEWUSER is refused; clone3, whose flags a filter cannot see, is said not to exist, so
/// that libc falls back to clone.
Result<void> refuse_new_user_namespaces(const Context& filter) {
    int error = ::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                   SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));
    if (error == 0) {
        error = ::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    }
    if (error != 0) {
        return failed(fmt::format("seccomp_rule_add clone: {}", std::strerror(-error)));
    }
    return {};
}

}  // namespace

Result<Descriptor> make_syscall_filter() {
    const Context filter(::seccomp_init(SCMP_ACT_ALLOW), ::seccomp_release);
    if (!filter) {
        return failed("seccomp_init failed");
    }
    // 32-bit and x32 calls: refused as a whole.
    ::seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
    for (const char* name : refused) {
        if (const Result<void> done = refuse(filter, name); !done) {
            return tl::make_unexpected(done.error());
        }
    }
    if (const Result<void> done = refuse_new_user_namespaces(filter); !done) {
        return tl::make_unexpected(done.error());
    }
    Descriptor file(::memfd_create("vmlab-filter", MFD_CLOEXEC));
    if (!file) {
        return failed_call("memfd_create");
    }
    if (const int error = ::seccomp_export_bpf(filter.get(), file.get()); error != 0) {
        return failed(fmt::format("seccomp_export_bpf: {}", std::strerror(-error)));
    }
    return file;
}

}  // namespace vmlab::process
