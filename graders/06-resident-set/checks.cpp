// Grader of activity 6: how much memory does it use?
//
// The program waits for Enter after each line, and the grader looks at it from outside meanwhile: what it
// prints of itself is compared with what the kernel says of it (/proc/PID/status, pagemap). Sizes and numbers
// of rounds are drawn.
//
// Here stand the checks on lines, Enter, usage and NULL; number_checks.cpp, block_checks.cpp and
// answers_checks.cpp hold the others.

#include <fmt/format.h>

#include <string>
#include <vector>

#include "runs.hpp"

namespace {

using namespace resident;

/// Its input ends after the first line.
Shared<process::Run> at_the_end_of_input{[](Lab& lab) {
    grading::NativeOptions how;
    how.input = "\n";
    return experiment({.rounds = 3, .chunk = 300'000, .give_back = true}).native(lab, how);
}};

TEST(Resident, WaitsForEnter) {
    expect_lines(kept.get());
    const Experiment patient = experiment({.rounds = 3, .chunk = drawn(100'000, 200'000)});
    grading::expect_whole_lines_awaited(lab(), patient, 4, build_and("resident", patient.command()));
    const Task task{.rounds = 3, .chunk = 300'000, .give_back = true};
    const Experiment unattended = experiment(task);
    const process::Run& run = at_the_end_of_input.get();
    const auto flaw = grading::flaw_in_output(run.out, task.lines());
    if (flaw) {
        fail_run(run, unattended.doing("with one line of input"),
                 {.expected = "at the end of the input it goes on without waiting, to the last line",
                  .observed = *flaw,
                  .evidence = fmt::format("$ echo | {}\n{}", unattended.command(), shown(run.out)),
                  .next = all_at_once(unattended)});
    }
    grading::expect_exit_status(run, 0, unattended.doing());
}

struct Shortage {
    Experiment experiment;
    process::Run run;
};

/// Address space for the program and so many blocks, and half of one more.
Shortage room_for(Lab& lab, std::uint64_t blocks) {
    const Task task{.rounds = 6, .chunk = drawn(180, 220) * mebibyte, .touch = false};
    const std::uint64_t room = 60 * mebibyte + blocks * task.chunk + task.chunk / 2;
    const Experiment short_of_room = experiment(task, {.address_space_bytes = room / kibibyte * kibibyte});
    return {short_of_room, short_of_room.native(lab)};
}

Shared<std::vector<Shortage>> shortages{[](Lab& lab) {
    return std::vector<Shortage>{room_for(lab, 0), room_for(lab, drawn(1, 2))};
}};

TEST(Resident, ReportsThatMallocFailed) {
    for (const auto& [short_of_room, run] : shortages.get()) {
        if (run.status.exited_with(3) && grading::begins_with_name(run.err, "resident")) {
            continue;
        }
        const Card card{.expected =
                            "where malloc returns NULL: a message on stderr that begins with "
                            "\"resident\", exit status 3",
                        .observed = fmt::format("{}; stderr: {}", run.describe(), shown(run.err, 2)),
                        .evidence = fmt::format("$ {}\n{}", short_of_room.command(), shown(run.out)),
                        .next = all_at_once(short_of_room)};
        if (run.status.signal && run.ending == process::Ending::finished) {
            fail(card, grading::Reason::crashed);
        }
        fail_run(run, short_of_room.doing(), card);
    }
}

TEST(Resident, RefusesBadUsage) {
    const std::vector<std::vector<std::string>> wrong = {
        {"x"},           {"--rounds"},      {"--rounds", "0"}, {"--rounds", "2x"}, {"--chunk"},
        {"--chunk", ""}, {"--chunk", "-1"}, {"--Free"},        {"--free", "7"}};
    for (const auto& arguments : wrong) {
        Experiment bad = experiment({});
        bad.arguments = arguments;
        const process::Run run = bad.native(lab());
        if (run.status.exited_with(2) && run.out.empty() && !run.err.empty()) {
            continue;
        }
        fail({.expected = "a message on stderr, nothing on stdout, exit status 2",
              .observed = run.describe() + (run.err.empty() ? "; nothing on stderr" : ""),
              .evidence = fmt::format("$ {}\nstdout: {}", bad.command(), shown(run.out, 2)),
              .next = build_and("resident", bad.command()) + " < /dev/null; echo \"exit status $?\""});
    }
}

}  // namespace
