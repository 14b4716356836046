#pragma once

// How resident is run for evidence, each run made once and shared by the checks that need it.

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "session.hpp"
#include "vmlab/grading/draw.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/lab.hpp"

namespace resident {

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

/// Kernels count in batches, of each thread or processor, and a printed line has pages of its own.
constexpr std::uint64_t tolerance = 3 * mebibyte;

/// Above 32 MiB (DEFAULT_MMAP_THRESHOLD_MAX) every block is a mapping of its own and goes back when it is
/// freed. Its last page is neither nearly full nor nearly empty: with malloc's header it has as many pages
/// as without.
inline std::uint64_t drawn_chunk() {
    return drawn(34 * mebibyte / page, 48 * mebibyte / page) * page + drawn(200, 3800);
}

/// Where a run differs from the usual one.
struct Setting {
    std::map<std::string, std::string> environment = {};
    process::Start start = {};
    std::uint64_t address_space_bytes = 0;
};

inline Experiment experiment(const Task& task, const Setting& setting = {}) {
    Experiment run{.program = "resident",
                   .arguments = task.arguments(),
                   .environment = setting.environment,
                   .start = setting.start};
    run.limits.data_bytes = 600 * mebibyte;
    // It sleeps never: one that is still there waits for more input than there is.
    run.limits.wall = std::chrono::seconds(12);
    run.limits.output_bytes = 256 * kibibyte;
    run.limits.address_space_bytes = setting.address_space_bytes;
    // One write to each 2 MiB would bring all of them.
    run.start.huge_pages = false;
    return run;
}

/// A dialogue with a program: the submission's, or one that the grader trusts.
inline Session dialogue(Lab& lab, const grading::Program& program, const Task& task,
                        const Setting& setting = {}) {
    Session session{
        .task = task, .experiment = experiment(task, setting), .run = {}, .looks = {}, .flaw = {}};
    Watch watch(session);
    grading::Dialogue held =
        grading::hold_dialogue(lab, program, session.experiment, task.lines(),
                               [&](const std::string& line, pid_t pid) { return watch.look(line, pid); });
    session.run = std::move(held.run);
    session.flaw = std::move(held.flaw);
    return session;
}

inline Session dialogue(Lab& lab, const Task& task, const Setting& setting = {}) {
    return dialogue(lab, lab.program("resident"), task, setting);
}

inline Shared<Session> kept{
    [](Lab& lab) { return dialogue(lab, {.rounds = drawn(3, 5), .chunk = drawn_chunk()}); }};
inline Shared<Session> given_back{[](Lab& lab) {
    return dialogue(lab, {.rounds = drawn(3, 5), .chunk = drawn_chunk(), .give_back = true});
}};
/// Below 32 MiB: from the second round on malloc keeps the block.
inline Shared<Session> given_to_malloc{[](Lab& lab) {
    return dialogue(lab, {.rounds = 3, .chunk = drawn(19'000'000, 21'000'000), .give_back = true});
}};
inline Shared<Session> untouched{
    [](Lab& lab) { return dialogue(lab, {.rounds = drawn(3, 5), .chunk = drawn_chunk(), .touch = false}); }};
/// Settings of malloc (mallopt(3)) that no sum of block sizes foresees: in the one, free gives nothing back;
/// in the other, malloc itself writes into each block.
inline Shared<Session> held_by_malloc{[](Lab& lab) {
    return dialogue(
        lab, {.rounds = 2, .chunk = drawn_chunk(), .give_back = true},
        {.environment = {{"MALLOC_MMAP_THRESHOLD_", "400000000"}, {"MALLOC_TRIM_THRESHOLD_", "400000000"}}});
}};
inline Shared<Session> filled_by_malloc{[](Lab& lab) {
    return dialogue(lab, {.rounds = 2, .chunk = drawn_chunk(), .touch = false},
                    {.environment = {{"MALLOC_PERTURB_", std::to_string(drawn(1, 254))}}});
}};
/// The process that becomes resident has had so much memory before.
inline Shared<Session> from_a_fat_parent{[](Lab& lab) {
    return dialogue(lab, {.rounds = 2, .chunk = drawn_chunk()},
                    {.start = {.resident_bytes_before = drawn(200, 300) * mebibyte}});
}};
inline Shared<Session> forty_rounds{[](Lab& lab) {
    return dialogue(lab, {.rounds = 40, .chunk = drawn(3'900'000, 4'300'000), .give_back = true});
}};

inline std::string all_at_once(const Experiment& experiment) {
    return build_and("resident", experiment.command() + " < /dev/null");
}

/// Without its lines nothing can be said of a run.
inline void expect_lines(const Session& session) {
    if (!session.flaw) {
        return;
    }
    fail_run(session.run, session.experiment.doing(),
             {.expected = fmt::format(
                  "{} lines, \"start 0 peak=KB now=KB\" and so on; after each it waits for Enter, having "
                  "written it out",
                  session.task.lines().size()),
              .observed = *session.flaw,
              .evidence = fmt::format("$ {}\n{}", session.experiment.command(), shown(session.run.out)),
              .next = all_at_once(session.experiment)});
}

inline std::string kilobytes(std::uint64_t bytes) {
    return fmt::format("{} kB", grading::grouped(static_cast<std::int64_t>(bytes / kibibyte)));
}

/// For a card: the line as it was printed.
inline std::string shown_line(const Line& line) {
    return fmt::format("{} {} peak={} now={}", line.what, line.round, line.peak / kibibyte,
                       line.now / kibibyte);
}

}  // namespace resident
