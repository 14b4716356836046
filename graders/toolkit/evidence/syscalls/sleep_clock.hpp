#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "vmlab/evidence/syscalls.hpp"

namespace vmlab::evidence {

/// Works out how long each sleep of one log asked for, call by call.
class SleepClock {
  public:
    explicit SleepClock(std::optional<std::chrono::nanoseconds> monotonic_minus_real)
        : monotonic_minus_real_(monotonic_minus_real) {}

    /// What this call, entered at `time` (since 1970), asked for beyond what its thread had asked for
    /// already.
    [[nodiscard]] std::chrono::nanoseconds slept(const SystemCall& call,
                                                 std::optional<std::chrono::nanoseconds> time);

  private:
    using Time = std::chrono::nanoseconds;
    struct Asked {
        Time deadline{};
        Time length{};
    };

    [[nodiscard]] Time until(const SystemCall& call, Time moment, std::optional<Time> time);

    std::optional<Time> monotonic_minus_real_;
    std::map<int, Asked> last_sleep_;                          ///< of each thread whose last call was a sleep
    std::map<std::pair<int, std::string>, Time> slept_until_;  ///< by thread and clock
};

}  // namespace vmlab::evidence
