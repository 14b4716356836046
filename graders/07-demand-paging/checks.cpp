// Grader of activity 7: a page appears when it is touched.
//
// faults waits for Enter after each step, and the grader looks at it from outside meanwhile: the kernel's
// count of its page faults, which pages of its region are there, and whose they are (/proc/PID/stat, status,
// pagemap), what stands in them. Then it brings some pages itself: a program that prints what it expects is
// wrong then.
//
// Here stand the checks on lines, memory and usage; step_checks.cpp and answers_checks.cpp hold the others.

#include <fmt/format.h>

#include <string>
#include <vector>

#include "runs.hpp"

namespace {

using namespace faults;

struct Unattended {
    Experiment run_as;
    process::Run run;
};

Shared<Unattended> at_the_end_of_input{[](Lab& lab) {
    Unattended unattended{.run_as = experiment(std::to_string(drawn(2, 200))), .run = {}};
    unattended.run = unattended.run_as.native(lab);
    return unattended;
}};
Shared<Unattended> without_an_argument{[](Lab& lab) {
    Unattended unattended{.run_as = experiment({}), .run = {}};
    unattended.run_as.arguments.clear();
    unattended.run = unattended.run_as.native(lab);
    return unattended;
}};

TEST(Lines, PrintsNineLinesAndWaits) {
    const Session& session = usual.get();
    expect_lines(session);
    grading::expect_exit_status(session.run, 0, session.experiment.doing());
    grading::expect_whole_lines_awaited(lab(), experiment("5"), lines_due().size(),
                                        build_and("faults", "./faults 5"));
    for (Shared<Unattended>* shared : {&at_the_end_of_input, &without_an_argument}) {
        const auto& [run_as, run] = shared->get();
        if (const auto flaw = grading::flaw_in_output(run.out, lines_due())) {
            fail_run(run, run_as.doing(),
                     {.expected = "at the end of its input it goes on without waiting, to the ninth line",
                      .observed = *flaw,
                      .evidence = fmt::format("$ {} < /dev/null\n{}", run_as.command(), shown(run.out, 9)),
                      .next = all_at_once(run_as)});
        }
        grading::expect_exit_status(run, 0, run_as.doing());
    }
    const auto first = parse_line(grading::lines_of(without_an_argument.get().run.out).at(1), false);
    if (!first || first->present < 990 || first->present > 1010) {
        fail({.expected = "without an argument: 1000 pages",
              .observed = grading::lines_of(without_an_argument.get().run.out).at(1),
              .evidence = "$ ./faults < /dev/null",
              .next = build_and("faults", "./faults < /dev/null")});
    }
}

TEST(Lines, ReportsThatThereIsNoMemory) {
    Experiment short_of_room = experiment(std::to_string(drawn(30'000, 60'000)));
    short_of_room.limits.address_space_bytes = 80 * mebibyte;
    const process::Run run = short_of_room.native(lab());
    if (run.status.exited_with(3) && run.out.empty() && grading::begins_with_name(run.err, "faults")) {
        return;
    }
    const Card card{.expected =
                        "where there is no room for the region: a message on stderr that begins with "
                        "\"faults\", nothing on stdout, exit status 3",
                    .observed = fmt::format("{}; stderr: {}", run.describe(), shown(run.err, 2)),
                    .evidence = fmt::format("$ {}\n{}", short_of_room.command(), shown(run.out, 3)),
                    .next = all_at_once(short_of_room)};
    if (run.status.signal && run.ending == process::Ending::finished) {
        fail(card, grading::Reason::crashed);
    }
    fail_run(run, short_of_room.doing(), card);
}

TEST(Lines, RefusesBadUsage) {
    const std::vector<std::vector<std::string>> wrong = {{"0"}, {"1"}, {"-5"},    {"12x"},
                                                         {"x"}, {""},  {"5", "6"}};
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
              .next = build_and("faults", bad.command()) + " < /dev/null; echo \"exit status $?\""});
    }
}

}  // namespace
