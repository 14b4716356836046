#pragma once

// How paging is run on this machine itself, without swap of the lab's: what it fills, and its contract.

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pages.hpp"
#include "session.hpp"
#include "vmlab/evidence/procfs.hpp"
#include "vmlab/grading/dialogue.hpp"
#include "vmlab/grading/draw.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/lab.hpp"

namespace paging {

using namespace vmlab;
using grading::build_and;
using grading::Card;
using grading::drawn;
using grading::Experiment;
using grading::fail;
using grading::fail_run;
using grading::Lab;
using grading::lab;
using grading::Shared;
using grading::shown;

inline Experiment with(std::vector<std::string> arguments) {
    Experiment run{.program = "paging", .arguments = std::move(arguments)};
    run.limits.wall = std::chrono::seconds(15);
    run.limits.data_bytes = 512 * mebibyte;
    run.limits.output_bytes = 64 * kibibyte;
    return run;
}

inline Experiment experiment(const Task& task) {
    return with(task.arguments());
}

/// What was seen of the program at one of its lines.
struct Seen {
    evidence::ProcessSample outside;
    std::optional<std::uint64_t> pages_in_order;  ///< absent: they may not be looked at here
};

struct Session {
    Task task;
    Experiment experiment;
    process::Run run;
    std::vector<Seen> seen;
    std::optional<std::string> flaw;
};

inline Session dialogue(Lab& lab, const Task& task, const Experiment& experiment) {
    Session session{.task = task, .experiment = experiment, .run = {}, .seen = {}, .flaw = {}};
    grading::Dialogue held = grading::hold_dialogue(
        lab, lab.program("paging"), experiment, task.lines(),
        [&](const std::string& text, pid_t pid) -> std::optional<std::string> {
            if (!parse_line(text)) {
                return fmt::format("a line is \"{}\", not \"{} wrong=NUMBER swapped=KB majflt=NUMBER\"",
                                   shown(text, 1), task.lines().at(session.seen.size()));
            }
            Seen seen;
            if (auto sample = evidence::sample_process(pid)) {
                seen.outside = *sample;
            }
            seen.pages_in_order = NumberedPages(pid).in_order(task.pages());
            session.seen.push_back(std::move(seen));
            return std::nullopt;
        });
    session.run = std::move(held.run);
    session.flaw = std::move(held.flaw);
    return session;
}

inline Shared<Session> usual{[](Lab& lab) {
    const Task task{.megabytes = drawn(6, 11), .passes = drawn(2, 4)};
    return dialogue(lab, task, experiment(task));
}};
inline Shared<Session> without_options{[](Lab& lab) { return dialogue(lab, {}, with({})); }};

inline std::string at_once(const Experiment& experiment) {
    return build_and("paging", experiment.command() + " < /dev/null");
}

/// Without its lines nothing can be said of a run.
inline void expect_lines(const Session& session) {
    if (!session.flaw) {
        return;
    }
    fail_run(session.run, session.experiment.doing(),
             {.expected = fmt::format(
                  "{} lines, \"filled {} wrong=NUMBER swapped=KB majflt=NUMBER\", \"pass 1 ...\" and so on; "
                  "after each it waits for Enter, having written it out",
                  session.task.lines().size(), session.task.megabytes),
              .observed = *session.flaw,
              .evidence = fmt::format("$ {}\n{}", session.experiment.command(), shown(session.run.out)),
              .next = at_once(session.experiment)});
}

}  // namespace paging
