#pragma once

// Contests: two programs share an arena of 64 MiB, which is too small for both. The kernel decides.

#include <linux/oom.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "runs.hpp"
#include "vmlab/evidence/oom_report.hpp"
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

/// A contest of our own probes in which nobody was killed tells nothing: the machine was too busy for it. It
/// is held once more; an experiment that fails twice is nobody's answer.
template <class Contest, class Decided>
arena::Outcome hold_twice(const Contest& contest, const Decided& decided) {
    arena::Outcome outcome = contest();
    return decided(outcome) ? outcome : contest();
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

/// Whether a survivor has done what it was told to, and did not just stay small. `pid` is its process id in
/// the kernel's log: the kernel lists all processes that it had in view, with what each had asked for.
inline bool told_and_exempted(const arena::Outcome& outcome, const arena::ContestantResult& large, pid_t pid,
                              std::uint64_t megabytes) {
    const Claims claims = claims_of(large.run.out);
    const bool told = claims.after && (claims.chunks.empty() || claims.chunks.back().total_mb >= megabytes);
    const auto reports = evidence::parse_oom_reports(outcome.kernel_log);
    return told && std::ranges::none_of(reports, [pid](const evidence::OomReport& report) {
               return std::ranges::any_of(report.candidates, [pid](const evidence::OomCandidate& each) {
                   return each.pid == pid && each.oom_score_adj != OOM_SCORE_ADJ_MIN;
               });
           });
}

inline bool survived(const arena::Outcome& outcome) {
    const auto& large = outcome.contestants[0];
    return !large.oom_killed && large.run.ending == process::Ending::stopped &&
           outcome.contestants[1].oom_killed;
}

}  // namespace oom_score
