#include "process/sandbox/syscall_filter.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <initializer_list>
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
    // other ways to write, and to hand a descriptor on (SCM_RIGHTS): see guard_reports
    "io_setup",
    "io_submit",
    "sendmsg",
    "sendmmsg",
    // names in the machine's network namespace, by which graders agree on uids (run_user.hpp)
    "bind",
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

/// No network, in the tiers without a network namespace too (and AF_VSOCK, which reaches a virtual machine's
/// host, has none). Pairs of local sockets work.
Result<void> refuse_network(const Context& filter) {
    const int error = ::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
                                         SCMP_A0_64(SCMP_CMP_NE, static_cast<std::uint64_t>(AF_UNIX), 0));
    if (error != 0) {
        return failed(fmt::format("seccomp_rule_add socket: {}", std::strerror(-error)));
    }
    return {};
}

/// Valgrind keeps its client from the descriptors that it reports through, 1012 and above, but looks only at
/// the plainest calls: write, close, and the target of a dup2. These others reach its report all the same.
Result<void> guard_reports(const Context& filter) {
    constexpr std::uint64_t first_guarded = 1012;
    constexpr std::uint64_t low_half = 0xffffffff;
    int error = 0;
    const auto refuse_if = [&](int number, std::initializer_list<scmp_arg_cmp> conditions) {
        if (error == 0) {
            error = ::seccomp_rule_add_array(filter.get(), SCMP_ACT_ERRNO(EBADF), number,
                                             static_cast<unsigned>(conditions.size()), conditions.begin());
        }
    };
    for (const int number : {SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(sendto),
                             SCMP_SYS(sendfile), SCMP_SYS(shutdown), SCMP_SYS(vmsplice)}) {
        refuse_if(number, {SCMP_A0_64(SCMP_CMP_GE, first_guarded, 0)});
    }
    refuse_if(SCMP_SYS(tee), {SCMP_A1_64(SCMP_CMP_GE, first_guarded, 0)});
    refuse_if(SCMP_SYS(splice), {SCMP_A2_64(SCMP_CMP_GE, first_guarded, 0)});
    // Valgrind itself copies its reports' descriptors, to numbers that are guarded as well. The kernel reads
    // the lower half of a number alone, so a number with an upper half is refused.
    for (const std::uint64_t command : {std::uint64_t{F_DUPFD}, std::uint64_t{F_DUPFD_CLOEXEC}}) {
        for (const scmp_compare outside : {SCMP_CMP_LT, SCMP_CMP_GT}) {
            refuse_if(
                SCMP_SYS(fcntl),
                {SCMP_A0_64(SCMP_CMP_GE, first_guarded, 0), SCMP_A1_64(SCMP_CMP_MASKED_EQ, low_half, command),
                 SCMP_A2_64(outside, outside == SCMP_CMP_LT ? first_guarded : low_half, 0)});
        }
    }
    if (error != 0) {
        return failed(fmt::format("seccomp_rule_add for descriptors: {}", std::strerror(-error)));
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
            return tl::unexpected(done.error());
        }
    }
    if (const Result<void> done = refuse_new_user_namespaces(filter); !done) {
        return tl::unexpected(done.error());
    }
    if (const Result<void> done = refuse_network(filter); !done) {
        return tl::unexpected(done.error());
    }
    if (const Result<void> done = guard_reports(filter); !done) {
        return tl::unexpected(done.error());
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
