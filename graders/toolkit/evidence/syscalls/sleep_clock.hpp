#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "vmlab/evidence/syscalls.hpp"

namespace vmlab::evidence {

/// How long a wait was asked for, as far as its row can tell: at least `least`, at most `least` + `slack`.
struct Slept {
    std::chrono::nanoseconds least{0};
    std::chrono::nanoseconds slack{0};
};

/// Works out how long each sleep of one log asked for, call by call.
class SleepClock {
  public:
    explicit SleepClock(ClocksAhead clocks_ahead) : clocks_ahead_(std::move(clocks_ahead)) {}

    /// What this call, entered at `time` (since 1970), asked for beyond what its thread had asked for
    /// already.
    [[nodiscard]] Slept slept(const SystemCall& call, std::optional<std::chrono::nanoseconds> time);

  private:
    using Time = std::chrono::nanoseconds;

    /// A wait until a moment of some clock.
    struct Until {
        Time moment{};
        Time step{};           ///< how much it asked for beyond the one before
        bool skipped = false;  ///< it returned at once: the clock has not moved to that moment
    };
    /// A wait of some length, whose end is known as exactly as the time when it was asked for.
    struct Asked {
        Time length{};
        Time earliest_end{};
        Time latest_end{};
        Time counted{};
        bool skipped = false;
    };

    [[nodiscard]] Slept until(const SystemCall& call, const std::string& clock, Time moment,
                              std::optional<Time> time);
    [[nodiscard]] Slept of_length(const SystemCall& call, Time length, Time time);
    /// How much earlier than `time` a thread may have read a clock: since its last sleep, or the beginning.
    [[nodiscard]] Time since_last_sleep(int thread, Time time) const;

    ClocksAhead clocks_ahead_;
    std::optional<Time> beginning_;
    std::map<int, Time> awake_since_;                     ///< by thread: when its last sleep was over
    std::map<int, Asked> last_sleep_;                     ///< of each thread whose last call was a sleep
    std::map<int, Asked> last_computed_;                  ///< by thread: a length worked out from a clock
    std::map<std::pair<int, std::string>, Until> until_;  ///< by thread and clock
};

}  // namespace vmlab::evidence
