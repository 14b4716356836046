#pragma once

// What the student's obituary makes of a log, and whether that is what the contract asks for.

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "recorded_log.hpp"
#include "vmlab/grading/experiment.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/output.hpp"

namespace obituary_evidence {

using namespace vmlab;
using namespace vmlab::grading;
using namespace recorded_log;

inline Experiment obituary(std::vector<std::string> arguments) {
    return {.program = "obituary", .arguments = std::move(arguments)};
}

inline Experiment obituary(int pid) {
    return obituary(std::vector{std::to_string(pid)});
}

inline process::Run run_on(const Experiment& experiment, const std::string& log) {
    NativeOptions options;
    options.input = log;
    return experiment.native(lab(), std::move(options));
}

/// What a student types to have it read the rows that stand on the card, or another file.
inline std::string command_on_rows(const Experiment& experiment) {
    return "Save the rows above as kill.log, then:\n" +
           build_and("obituary", experiment.command() + " < kill.log");
}
inline std::string command_on(const Experiment& experiment, const std::string& file) {
    return build_and("obituary", experiment.command() + " < " + file);
}

/// Gathered in the background like all shared evidence, so that obituary is being built while oom runs.
inline Shared<process::Run> on_an_empty_log{[](Lab&) { return run_on(obituary(4321), ""); }};

/// The rows of a log that a person would look at: those that speak of a kill and name the pid.
inline std::string rows_on(int pid, const std::string& log) {
    std::string rows;
    for (const std::string& line : lines_of(log)) {
        if (line.find("Kill") != std::string::npos && line.find(std::to_string(pid)) != std::string::npos) {
            rows += (rows.empty() ? "" : "\n") + line;
        }
    }
    return rows;
}

/// What a log must tell of its victim. An empty `why` is the check's own.
struct Case {
    Victim victim;
    std::string scope;
    std::string log;
    std::string kind;  ///< what the log is, for the card
    std::string why = {};
    std::string like = {};  ///< a log in activities/03-oom/logs of the same form, if there is one
};

inline void expect_obituary(const Case& expected) {
    const Victim& victim = expected.victim;
    const Experiment experiment = obituary(victim.pid);
    const process::Run run = run_on(experiment, expected.log);
    const std::string line = fmt::format("killed {} ({}) total-vm={} anon-rss={} scope={}", victim.pid,
                                         victim.name, victim.total_vm_kb, victim.anon_rss_kb, expected.scope);
    if (run.succeeded() && run.out == line + "\n") {
        return;
    }
    std::string observed = fmt::format("{} ({})", excerpt(run.out, 3), run.describe());
    if (run.out.empty()) {
        observed = fmt::format("nothing on stdout, {}; on stderr: {}", run.describe(), shown(run.err, 2));
    } else if (run.out == line) {
        observed = "the same without a newline at its end";
    }
    std::string next = command_on_rows(experiment);
    if (!expected.like.empty()) {
        next = command_on(obituary(4321), "logs/" + expected.like);
    }
    fail_run(run, fmt::format("{} on a log ({})", experiment.doing(), expected.kind),
             {.expected = line,
              .observed = observed,
              .evidence = fmt::format("{}:\n{}", expected.kind, rows_on(victim.pid, expected.log)),
              .why = expected.why,
              .next = next});
}

inline void expect_no_kill(const process::Run& run, int pid, const std::string& log, const std::string& why) {
    const Experiment experiment = obituary(pid);
    const std::vector<std::string> errors = lines_of(run.err);
    if (run.status.exited_with(1) && run.out.empty() && errors.size() == 1 &&
        errors.front().ends_with(fmt::format("no OOM kill of {}", pid))) {
        return;
    }
    fail_run(run, experiment.doing("on a log"),
             {.expected = fmt::format(
                  "Nothing on stdout, \"obituary: no OOM kill of {}\" on stderr, exit status 1.", pid),
              .observed = fmt::format("stdout \"{}\", stderr \"{}\", {}", excerpt(run.out, 2),
                                      excerpt(run.err, 2), run.describe()),
              .evidence = log.empty() ? "an empty log" : rows_on(pid, log),
              .why = why,
              .next = (log.empty() ? command_on(experiment, "/dev/null") : command_on_rows(experiment)) +
                      "; echo $?"});
}

inline void expect_bad_usage(const std::vector<std::string>& arguments) {
    const Experiment experiment = obituary(arguments);
    const process::Run run = run_on(experiment, "");
    if (run.status.exited_with(2) && run.out.empty() && !run.err.empty()) {
        return;
    }
    fail_run(
        run, experiment.doing(),
        {.expected = "A message on stderr, nothing on stdout, exit status 2.",
         .observed = fmt::format("stdout \"{}\", stderr \"{}\", {}", excerpt(run.out, 2), excerpt(run.err, 2),
                                 run.describe()),
         .evidence = fmt::format("$ {} < /dev/null", experiment.command()),
         .why = "Exit status 1 says that there was no kill. Whoever calls obituary with something that is no "
                "process id must not take that for an answer.",
         .next = command_on(experiment, "/dev/null") + "; echo $?"});
}

}  // namespace obituary_evidence
