#pragma once

// How faults is run for evidence, each run made once and shared by the checks that need it.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "session.hpp"
#include "vmlab/grading/draw.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/lab.hpp"

namespace faults {

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

constexpr std::uint64_t mebibyte = 1U << 20U;

/// What a step may have besides its own: the pages of a vector. README.md says so.
constexpr std::uint64_t few = 16;
/// What a process may have between two of its lines besides the step: printing, fork, waitpid, libraries'
/// first use.
constexpr std::uint64_t some = 100;

/// Odd: half of it has to be rounded.
inline std::uint64_t drawn_pages() {
    return drawn(1000, 4000) | 1U;
}

inline Experiment experiment(const std::string& pages) {
    Experiment run{.program = "faults", .arguments = {pages}};
    run.limits.data_bytes = 256 * mebibyte;
    run.limits.output_bytes = 64U << 10U;
    run.start.huge_pages = false;  // one fault a page
    return run;
}

inline Session dialogue(Lab& lab, const grading::Program& program, std::uint64_t pages,
                        std::uint64_t brought = 0, grading::Preload preload = grading::Preload::none) {
    Session session{.pages = pages,
                    .experiment = experiment(std::to_string(pages)),
                    .run = {},
                    .flaw = {},
                    .looks = {},
                    .brought = brought};
    grading::NativeOptions how;
    how.preload = preload;
    grading::Dialogue held = grading::hold_dialogue(
        lab, program, session.experiment, lines_due(),
        [&](const std::string& line, pid_t pid) { return look_at(session, line, pid); }, std::move(how));
    session.run = std::move(held.run);
    session.flaw = std::move(held.flaw);
    return session;
}

inline Shared<Session> usual{[](Lab& lab) { return dialogue(lab, lab.program("faults"), drawn_pages()); }};
/// Some pages are there already: we bring them.
inline Shared<Session> some_brought{[](Lab& lab) {
    const std::uint64_t pages = drawn_pages();
    return dialogue(lab, lab.program("faults"), pages, drawn(200, pages - 300));
}};
/// All are: what mmap(3) makes has its pages from the start.
inline Shared<Session> all_brought{[](Lab& lab) {
    return dialogue(lab, lab.program("faults"), drawn_pages(), 0, grading::Preload::mmap_populates);
}};

inline std::string all_at_once(const Experiment& experiment) {
    return build_and("faults", experiment.command() + " < /dev/null");
}

/// Without its lines nothing can be said of a run.
inline void expect_lines(const Session& session) {
    if (!session.flaw) {
        return;
    }
    fail_run(session.run, session.experiment.doing(),
             {.expected = "nine lines, \"map faults=NUMBER present=NUMBER at=ADDRESS\", \"read faults=NUMBER "
                          "present=NUMBER\" and so on; after each it waits for Enter, having written it out",
              .observed = *session.flaw,
              .evidence = fmt::format("$ {}\n{}", session.experiment.command(), shown(session.run.out, 9)),
              .next = all_at_once(session.experiment)});
}

/// From `least` to `least` + `more`.
inline bool is_about(std::uint64_t number, std::uint64_t least, std::uint64_t more) {
    return number >= least && number <= least + more;
}

/// Fails the check for this step, with all that the kernel says of it.
[[noreturn]] inline void fail_for(const Session& session, Step step, const std::string& expected,
                                  const std::string& observed) {
    const Look& look = session.at(step);
    std::string row = fmt::format("/proc/PID: {} faults since the process waited before, RssAnon {} kB",
                                  session.faults_outside(step), look.outside.anonymous_bytes / 1024);
    if (look.pages) {
        row += fmt::format(", {} of {} pages present, {} its own alone", look.pages->present, session.pages,
                           look.pages->exclusive);
    }
    fail({.expected = expected,
          .observed = observed.empty() ? fmt::format("\"{}\"", look.line.text) : observed,
          .evidence = fmt::format("{}   $ {}", row, session.experiment.command()),
          .next = all_at_once(session.experiment)});
}

/// The printed number of faults, and the kernel's own.
inline void expect_faults(const Session& session, Step step, std::uint64_t due) {
    const Look& look = session.at(step);
    const std::string expected = fmt::format(
        "{}: {} page faults (up to {} more, of a vector, say, do not matter)", name_of(step), due, few);
    const std::uint64_t outside = session.faults_outside(step);
    if (step != Step::map && !is_about(outside, due, some)) {
        fail_for(session, step, expected, fmt::format("the kernel counted {}", outside));
    }
    if (!is_about(look.line.faults, due, few)) {
        fail_for(session, step, expected, {});
    }
}

/// The printed number of pages, and the kernel's own.
inline void expect_present(const Session& session, Step step, std::uint64_t due) {
    const Look& look = session.at(step);
    const std::string expected = fmt::format("{}: {} pages of the region are present", name_of(step), due);
    if (look.pages && look.pages->present + look.pages->swapped != due) {
        fail_for(session, step, expected, fmt::format("{} are", look.pages->present));
    }
    if (look.line.present != due) {
        fail_for(session, step, expected, {});
    }
}

}  // namespace faults
