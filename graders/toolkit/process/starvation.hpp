#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>

namespace vmlab::process {

/// What the kernel tells of one thread at one moment: /proc/PID/task/TID/schedstat, and the state in
/// /proc/PID/task/TID/stat (proc(5)).
struct ThreadLook {
    std::chrono::nanoseconds ran{0};     ///< on a processor
    std::chrono::nanoseconds waited{0};  ///< ready to run; a wait is added when it is over
    std::uint64_t turns = 0;             ///< how often it was given a processor
    char state = '?';
    bool has_children = false;
};

/// How long the machine kept a thread from running between two looks, `passed` apart: what the kernel has
/// counted, and the whole of `passed` where it was ready (R), or waited for the kernel itself (D), at both
/// and never had its turn in between: a wait that still lasts has not been counted.
std::chrono::nanoseconds kept_waiting(const ThreadLook& before, const ThreadLook& now,
                                      std::chrono::nanoseconds passed);

/// How long the processes of a run were kept from running by the rest of the machine, so that a busy machine
/// is not taken for a slow program: the time in which they waited for a processor or for the kernel, less
/// what they kept one another from.
class Starvation {
  public:
    using Clock = std::chrono::steady_clock;

    /// Watches `root` and everything below it.
    explicit Starvation(pid_t root) : root_(root) {}

    /// Looks again; to be called every second or so. Returns the sum since the beginning; zero where the
    /// kernel does not tell (no CONFIG_SCHED_INFO).
    std::chrono::nanoseconds update();

  private:
    using Threads = std::map<pid_t, ThreadLook>;

    static void look_at(pid_t pid, Threads& seen);

    pid_t root_;
    Clock::time_point latest_ = Clock::now();
    Threads threads_;  ///< what each living thread had at the latest look
    std::chrono::nanoseconds starved_{0};
};

}  // namespace vmlab::process
