#pragma once

// A whole machine with five programs in it, each started when the one before has told its scores:
//
//   exempted   the student's, --adj -1000: the largest
//   innocent   a probe of ours that sleeps: the largest of those that may be killed
//   marked     the student's, --adj 900: small; when it has told its scores, SysRq f is pressed
//   likelier   the student's, --adj 800: small
//   growing    a probe of ours that grows until the machine is out of memory, and dies last

#include <fmt/format.h>
#include <linux/oom.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "contest.hpp"
#include "runs.hpp"
#include "vmlab/evidence/oom_report.hpp"
#include "vmlab/grading/grader.hpp"

namespace oom_score {

constexpr std::uint64_t exempted_mb = 90;
/// Some 170 of them are left to programs.
constexpr std::uint64_t machine_mib = 256;

enum Place { exempted, innocent, marked, likelier, growing };

/// The lines that oom_score prints with --adj before its first chunk. Whether it sleeps before or after that
/// chunk is its own affair: nobody waits for it.
constexpr int lines_of_scores = 3;

/// The student's program in the machine; it has at most one chunk.
inline arena::Contestant asleep_with(Lab& lab, const std::string& adj, const std::string& megabytes,
                                     int start_after_lines) {
    arena::Contestant contestant;
    contestant.job =
        lab.job(lab.program("oom_score"), {"--adj", adj, "--chunk-mb", megabytes, "--pause", "600"});
    contestant.start_after_lines = start_after_lines;
    return contestant;
}

/// The same in which a program that keeps its lines to itself would only be waited for.
inline void expect_lines_before_sleep() {
    const Asleep& seen = grown.get();
    if (seen.sample) {
        return;
    }
    fail({
        .expected = "the line \"ADDRESS TOTAL MB\" on stdout before the program sleeps: then the next "
                    "one is started in the machine",
        .observed = "no such line while the program ran: " + seen.run.describe(),
        .evidence = stdout_of(seen.run),
        .why = "What lies in a buffer when the OOM killer comes is lost with the rest of the memory. "
               "Flush each line.",
        .next = build_and_run(one_large_chunk) + " | cat",
    });
}

inline Shared<arena::Outcome> whole_machine{[](Lab& lab) {
    expect_lines_before_sleep();
    const auto probe = lab.probe("probes/kernel_facts.cpp");
    arena::Request request;
    request.scope = arena::Scope::machine;
    request.memory_bytes = machine_mib * mebibyte;
    request.contestants = {
        asleep_with(lab, std::to_string(OOM_SCORE_ADJ_MIN), std::to_string(exempted_mb), 0),
        {.job = lab.job(probe, {"hold", "0", "20"}), .start_after_lines = lines_of_scores},
        asleep_with(lab, "900", "4", 1),
        asleep_with(lab, "800", "4", lines_of_scores),
        {.job = lab.job(probe, {"grow", "512"}), .start_after_lines = lines_of_scores},
    };
    for (arena::Contestant& contestant : request.contestants) {
        contestant.job.limits = cautious();
        contestant.job.limits.wall = 30s;
    }
    request.contestants[exempted].job.oom_score_adj_floor = OOM_SCORE_ADJ_MIN;
    request.manual_kill = arena::ManualKill{.contestant = marked, .after_lines = lines_of_scores};
    request.over_when_ended = growing;
    return lab.arena(request);
}};

/// The kernel's report on SysRq f. Absent: it was not pressed, or the log does not tell.
inline std::optional<evidence::OomReport> manual_report(const arena::Outcome& outcome) {
    for (const evidence::OomReport& report : evidence::parse_oom_reports(outcome.kernel_log)) {
        if (report.manual) {
            return report;
        }
    }
    return std::nullopt;
}

/// Whom SysRq f killed. Absent as above.
inline std::optional<evidence::OomKill> killed_by_hand(const arena::Outcome& outcome) {
    const auto report = manual_report(outcome);
    if (!report || report->kills.empty()) {
        return std::nullopt;
    }
    return report->kills.front();
}

inline bool exempted_survived(const arena::Outcome& outcome) {
    const arena::ContestantResult& large = outcome.contestants[exempted];
    return !large.oom_killed && large.run.ending == process::Ending::stopped &&
           outcome.contestants[growing].oom_killed &&
           told_and_exempted(outcome, large, large.run.inner_pid, exempted_mb);
}

/// What became of a contestant, in a word or two.
inline std::string fate_of(const arena::ContestantResult& contestant) {
    return contestant.oom_killed ? "OOM-killed" : contestant.run.describe();
}

inline Card card_on_the_exempted(const arena::Outcome& outcome) {
    const auto& large = outcome.contestants[exempted];
    return {
        .expected =
            fmt::format("a machine of 256 MiB: the largest program in it, with --adj {} --chunk-mb 90, "
                        "lives on through SysRq f and while the machine runs out of memory",
                        OOM_SCORE_ADJ_MIN),
        .observed = "the exempted one: " + fate_of(large),
        .evidence = "the exempted one: " + end_of(large) + "\n" + excerpt(large.run.out + large.run.err),
        .why =
            "The kernel leaves such a process out of its choice altogether. All others die before the "
            "machine gives up; this is why the value is a privilege: here the program was started so that "
            "it may write it.",
        .next = "../../scripts/lab hint 4",
    };
}

}  // namespace oom_score
