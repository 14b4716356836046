#pragma once

// What the student's obituary makes of a log, and whether that is what the contract asks for.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "oom_evidence.hpp"
#include "oom_output.hpp"
#include "recorded_log.hpp"
#include "vmlab/grading/grader.hpp"

namespace obituary_evidence {

using namespace vmlab;
using namespace vmlab::grading;
using namespace recorded_log;
using oom_evidence::with;
using oom_output::lines_of;

inline process::Run obituary(const std::vector<std::string>& arguments, const std::string& log) {
    auto options = with<NativeOptions>(arguments);
    options.input = log;
    return lab().native(lab().program("obituary"), options);
}

inline process::Run obituary(int pid, const std::string& log) {
    return obituary(std::vector{std::to_string(pid)}, log);
}

/// Gathered in the background like all shared evidence, so that obituary is being built while oom runs.
inline Shared<process::Run> on_an_empty_log{[](Lab&) { return obituary(4321, ""); }};

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

inline void expect_obituary(const Victim& victim, const std::string& scope, const std::string& log,
                            const std::string& kind_of_log, const std::string& why) {
    const process::Run run = obituary(victim.pid, log);
    expect_exit(run, fmt::format("running ./obituary {} on a log ({})", victim.pid, kind_of_log));
    const std::string expected = fmt::format("killed {} ({}) total-vm={} anon-rss={} scope={}", victim.pid,
                                             victim.name, victim.total_vm_kb, victim.anon_rss_kb, scope);
    if (run.succeeded() && run.out == expected + "\n") {
        return;
    }
    fail({.expected = expected,
          .observed = run.out.empty() ? fmt::format("nothing on stdout, {}; on stderr: {}", run.describe(),
                                                    excerpt(run.err, 2))
                                      : fmt::format("{} ({})", excerpt(run.out, 3), run.describe()),
          .evidence = fmt::format("{}:\n{}", kind_of_log, rows_on(victim.pid, log)),
          .why = why,
          .next = fmt::format("Save the rows above as kill.log, then:\n"
                              "g++ -std=c++20 -g -O0 -Wall -Wextra obituary.cpp -lfmt -o obituary &&\n"
                              "./obituary {} < kill.log",
                              victim.pid)});
}

inline void expect_no_kill(const process::Run& run, int pid, const std::string& log, const std::string& why) {
    expect_exit(run, fmt::format("running ./obituary {} on a log", pid));
    const std::vector<std::string> errors = lines_of(run.err);
    if (run.status.exited_with(1) && run.out.empty() && errors.size() == 1 &&
        errors.front().ends_with(fmt::format("no OOM kill of {}", pid))) {
        return;
    }
    fail({.expected = fmt::format(
              "Nothing on stdout, \"obituary: no OOM kill of {}\" on stderr, exit status 1.", pid),
          .observed = fmt::format("stdout \"{}\", stderr \"{}\", {}", excerpt(run.out, 2),
                                  excerpt(run.err, 2), run.describe()),
          .evidence = log.empty() ? "an empty log" : rows_on(pid, log),
          .why = why,
          .next = fmt::format("{}g++ -std=c++20 -g -O0 -Wall -Wextra obituary.cpp -lfmt -o obituary &&\n"
                              "./obituary {} < {}; echo $?",
                              log.empty() ? "" : "Save the rows above as kill.log, then:\n", pid,
                              log.empty() ? "/dev/null" : "kill.log")});
}

inline void expect_bad_usage(const std::vector<std::string>& arguments) {
    const process::Run run = obituary(arguments, "");
    const std::string command = fmt::format("./obituary {} < /dev/null", fmt::join(arguments, " "));
    expect_exit(run, "running " + command);
    if (run.status.exited_with(2) && run.out.empty() && !run.err.empty()) {
        return;
    }
    fail({.expected = "A message on stderr, nothing on stdout, exit status 2.",
          .observed = fmt::format("stdout \"{}\", stderr \"{}\", {}", excerpt(run.out, 2),
                                  excerpt(run.err, 2), run.describe()),
          .evidence = "$ " + command,
          .why =
              "Exit status 1 says that there was no kill. Whoever calls obituary with something that is no "
              "process id must not take that for an answer.",
          .next = "g++ -std=c++20 -g -O0 -Wall -Wextra obituary.cpp -lfmt -o obituary && " + command +
                  "; echo $?"});
}

}  // namespace obituary_evidence
