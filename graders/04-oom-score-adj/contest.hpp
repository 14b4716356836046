#pragma once

// Contests: two programs share an arena of 64 MiB, which is too small for both. The kernel decides.

#include <linux/oom.h>

#include <string>
#include <utility>

#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace oom_score {

/// `first` sleeps when it has printed `lines` lines; then `second` grows. All is over when that has ended.
inline arena::Outcome compete(Lab& lab, process::Job first, int lines, process::Job second) {
    arena::Request request;
    request.memory_bytes = 64 * mebibyte;
    request.contestants = {{.job = std::move(first)}, {.job = std::move(second), .start_after_lines = lines}};
    for (auto& contestant : request.contestants) {
        contestant.job.limits = cautious();
    }
    request.over_when_ended = 1;
    return lab.arena(request);
}

/// How the kernel told of a contestant's death, or how else it ended.
inline std::string end_of(const arena::ContestantResult& contestant) {
    if (!contestant.log_record) {
        return contestant.run.describe();
    }
    // /dev/kmsg begins a record with numbers and a semicolon.
    const std::string& row = contestant.log_record->row;
    return row.substr(row.find(';') + 1);
}

/// `large` must have exempted itself: it holds 40 MiB, and `growing` needs more than the 24 MiB that are
/// left.
inline arena::Outcome compete_with_exempted(Lab& lab, process::Job large, int lines, process::Job growing) {
    large.oom_score_adj_floor = OOM_SCORE_ADJ_MIN;
    return compete(lab, std::move(large), lines, std::move(growing));
}

inline bool survived(const arena::Outcome& outcome) {
    const auto& large = outcome.contestants[0];
    return !large.oom_killed && large.run.ending == process::Ending::stopped &&
           outcome.contestants[1].oom_killed;
}

}  // namespace oom_score
