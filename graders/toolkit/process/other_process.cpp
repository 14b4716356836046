#include "process/other_process.hpp"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "vmlab/process/files.hpp"

namespace vmlab::process {

Descriptor open_pidfd(pid_t pid) {
    return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

pid_t first_child(pid_t parent) {
    const auto children = read_kernel_file(fmt::format("/proc/{0}/task/{0}/children", parent));
    return children ? static_cast<pid_t>(std::strtol(children->c_str(), nullptr, 10)) : 0;
}

bool is_dying(pid_t pid) {
    constexpr unsigned long exiting = 0x4;  // PF_EXITING, include/linux/sched.h
    const auto stat = read_kernel_file(fmt::format("/proc/{}/stat", pid));
    const std::size_t name_end = stat ? stat->rfind(')') : std::string::npos;
    if (name_end == std::string::npos) {
        return true;
    }
    // State and, six fields on, flags (proc(5)).
    char state = '?';
    unsigned long flags = 0;
    if (std::sscanf(stat->c_str() + name_end + 1, " %c %*d %*d %*d %*d %*d %lu", &state, &flags) != 2) {
        return false;
    }
    return state == 'Z' || state == 'X' || (flags & exiting) != 0;
}

}  // namespace vmlab::process
