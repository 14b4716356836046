#pragma once

// How the student's oom_score is run for evidence, and the questions that several checks ask of a run.

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "claims.hpp"
#include "kernel_answers.hpp"
#include "vmlab/grading/draw.hpp"
#include "vmlab/grading/experiment.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/output.hpp"

namespace oom_score {

using namespace std::chrono_literals;
using namespace vmlab;
using grading::Asleep;
using grading::Card;
using grading::excerpt;
using grading::Experiment;
using grading::fail;
using grading::fail_run;
using grading::Lab;
using grading::Shared;

using Arguments = std::vector<std::string>;

constexpr std::uint64_t mebibyte = 1U << 20U;

/// A program that ignores its own limit gets NULL from malloc long before the machine suffers.
inline process::Limits cautious() {
    process::Limits limits;
    limits.wall = 20s;
    limits.data_bytes = 1024 * mebibyte;
    return limits;
}

inline Experiment run_with(Arguments arguments) {
    return {.program = "oom_score", .arguments = std::move(arguments), .limits = cautious()};
}

/// Started by a process that has adjusted its own score: the program inherits that.
inline Experiment inheriting(int adj, Experiment experiment) {
    experiment.start.oom_score_adj = adj;
    return experiment;
}

/// With so much address space and no more: malloc returns NULL beyond it.
inline Experiment in_space(std::uint64_t bytes, Experiment experiment) {
    experiment.limits.address_space_bytes = bytes;
    return experiment;
}

/// Without waiting for pauses, as strace does not either: they are judged elsewhere.
inline process::Run hastily(Lab& lab, const Experiment& experiment) {
    grading::NativeOptions how;
    how.brief_sleeps = true;
    return experiment.native(lab, how);
}

/// What a card's next command is: it works as it stands in the activity's folder.
inline std::string build_and_run(const Experiment& experiment, const std::string& tool = {}) {
    return grading::build_and("oom_score", tool.empty() ? experiment.command() : experiment.under(tool));
}

/// Looked at from outside in the sleep that follows so many lines that begin with `beginning`. A line that is
/// not flushed never comes: then the run is over after ten seconds.
inline Asleep asleep_after(Lab& lab, Experiment experiment, std::string beginning, std::size_t lines = 1,
                           grading::NativeOptions how = {}, const std::function<void(pid_t)>& look = {}) {
    experiment.limits.wall = 10s;
    const auto is_time = [beginning = std::move(beginning), lines](std::string_view out) {
        std::size_t seen = 0;
        out = out.substr(0, out.rfind('\n') == std::string_view::npos ? 0 : out.rfind('\n'));
        for (const std::string& line : grading::lines_of(out)) {
            seen += line.starts_with(beginning) ? 1 : 0;
        }
        return seen >= lines;
    };
    return experiment.asleep(lab, is_time, std::move(how), look);
}

/// Its one sleep between two chunks takes its time.
inline const Experiment one_real_second = run_with({"--chunk-mb", "1", "--limit-mb", "2", "--pause", "1"});
inline const Experiment options_given =
    inheriting(60, run_with({"--chunk-mb", "7", "--limit-mb", "35", "--pause", "3"}));
/// Another one in each grading. Large enough for a score of four digits (since Linux 5.9).
inline const int drawn_adj = 2 * static_cast<int>(grading::drawn(350, 490)) + 1;
inline const Experiment with_drawn_adj = inheriting(
    60,
    run_with({"--adj", std::to_string(drawn_adj), "--chunk-mb", "4", "--limit-mb", "120", "--pause", "0"}));
inline const Experiment one_large_chunk = run_with({"--chunk-mb", "64", "--pause", "600"});

/// With nobody tracing it.
inline Shared<grading::TimedRun> untraced{[](Lab& lab) { return one_real_second.timed(lab); }};
inline Shared<evidence::SyscallRun> by_options{[](Lab& lab) { return options_given.syscalls(lab); }};
inline Shared<evidence::SyscallRun> adjusted{[](Lab& lab) { return with_drawn_adj.syscalls(lab); }};
inline Shared<Asleep> grown{[](Lab& lab) { return asleep_after(lab, one_large_chunk, "0"); }};

inline std::vector<std::string> texts(const std::vector<evidence::PacedLine>& lines) {
    std::vector<std::string> all;
    all.reserve(lines.size());
    for (const auto& line : lines) {
        all.push_back(line.text);
    }
    return all;
}

inline Claims claims_of(const std::string& out) {
    return claims_in(grading::lines_of(out));
}

inline std::string evidence_about_scores(const evidence::SyscallRun& run) {
    const std::string rows = rows_about_scores(run);
    return rows.empty() ? "strace saw no call on a file named oom_score or oom_score_adj" : excerpt(rows);
}

inline std::string stdout_of(const process::Run& run) {
    return run.out.empty() ? "stdout is empty" : "stdout:\n" + excerpt(run.out);
}

/// For a card's "observed".
inline std::string stderr_of(const process::Run& run) {
    return run.err.empty() ? "nothing on stderr" : "stderr: " + excerpt(run.err, 2);
}

}  // namespace oom_score
