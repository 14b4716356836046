#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>

namespace vmlab::process {

/// How long the processes of a run were kept from running by the rest of the machine, so that a busy machine
/// is not taken for a slow program: the time in which they were ready to run and waited for a processor
/// (/proc/PID/task/TID/schedstat, second field), less what they kept one another from.
class Starvation {
  public:
    using Clock = std::chrono::steady_clock;

    /// Watches `root` and everything below it.
    explicit Starvation(pid_t root) : root_(root) {}

    /// Looks again; to be called every second or so. Returns the sum since the beginning; zero where the
    /// kernel does not tell (no CONFIG_SCHED_INFO).
    std::chrono::nanoseconds update();

  private:
    struct Times {
        std::chrono::nanoseconds ran{0};
        std::chrono::nanoseconds waited{0};
    };

    void look_at(pid_t pid, Times& gained, std::map<pid_t, Times>& seen) const;

    pid_t root_;
    Clock::time_point latest_ = Clock::now();
    std::map<pid_t, Times> threads_;  ///< what each living thread had at the latest look
    std::chrono::nanoseconds starved_{0};
};

}  // namespace vmlab::process
