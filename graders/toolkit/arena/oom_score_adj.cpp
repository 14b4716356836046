#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "vmlab/arena/arena.hpp"

namespace vmlab::arena {
namespace {

// Returns 0 or errno. In a forked child of a program with threads: system calls only.
int lower_own_score() {
    const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0) {
        return errno;
    }
    return ::write(file, "-1000", 5) == 5 ? 0 : errno;
}

}  // namespace

process::Result<void> can_lower_oom_score_adj() {
    // A child tries, so that this process keeps the value it has.
    const pid_t child = ::fork();
    if (child < 0) {
        return process::failed_call("fork");
    }
    if (child == 0) {
        ::_exit(lower_own_score());
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return process::failed_call("waitpid");
        }
    }
    if (!WIFEXITED(status)) {
        return process::failed("the process that tried to lower its oom_score_adj was killed");
    }
    if (WEXITSTATUS(status) != 0) {
        return process::machine_lacks(
            fmt::format("oom_score_adj may not be lowered here (write: {})",
                        std::strerror(WEXITSTATUS(status))),
            ::geteuid() == 0 ? "this root lacks CAP_SYS_RESOURCE; in a container: docker run --cap-add "
                               "SYS_RESOURCE, without a user namespace"
                             : "run vmlab as root");
    }
    return {};
}

}  // namespace vmlab::arena
