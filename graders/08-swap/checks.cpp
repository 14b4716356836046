// Grader of activity 8: more memory than there is RAM.
//
// What swap changes can be seen only where there is some: in a machine of its own (guest.hpp). There the
// kernel is told to push the program's memory out while it waits for Enter, and a page is changed behind its
// back. Here stand the checks that need no swap; guest_checks.cpp and answers_checks.cpp hold the others.

#include <fmt/format.h>

#include <string>
#include <vector>

#include "runs.hpp"

namespace {

using namespace paging;

TEST(Paging, FillsEveryPage) {
    const Session& session = usual.get();
    expect_lines(session);
    for (std::size_t i = 0; i < session.seen.size(); ++i) {
        const Seen& seen = session.seen[i];
        const std::uint64_t there = seen.outside.anonymous_bytes + seen.outside.swap_bytes;
        const bool numbered = !seen.pages_in_order || *seen.pages_in_order == session.task.pages();
        if (there >= session.task.bytes() && numbered) {
            continue;
        }
        fail({.expected = fmt::format("{} pages of memory of its own, one behind the other: page k holds the "
                                      "number k in its first eight bytes",
                                      session.task.pages()),
              .observed = numbered ? fmt::format("memory of its own: {} kB", there / kibibyte)
                                   : fmt::format("the longest such row from 0 on has {} page(s)",
                                                 *seen.pages_in_order),
              .evidence = fmt::format("/proc/PID/{} while it waits at the line \"{}\" of {}",
                                      numbered ? "status (RssAnon, VmSwap)" : "mem", session.task.lines()[i],
                                      session.experiment.command()),
              .next = at_once(session.experiment)});
    }
}

TEST(Paging, PrintsItsLinesAndRefusesBadUsage) {
    for (const Session* session : {&usual.get(), &without_options.get()}) {
        expect_lines(*session);
        grading::expect_exit_status(session->run, 0, session->experiment.doing());
    }
    const Task small{.megabytes = 1, .passes = 2};
    grading::expect_whole_lines_awaited(lab(), experiment(small), small.lines().size(),
                                        build_and("paging", experiment(small).command()));
    const std::vector<std::vector<std::string>> wrong = {{"x"},        {"--mb"},          {"--mb", "0"},
                                                         {"--mb", ""}, {"--mb", "-4"},    {"--mb", "8x"},
                                                         {"--passes"}, {"--passes", "0"}, {"--Lock"}};
    for (const auto& arguments : wrong) {
        const Experiment bad = with(arguments);
        const process::Run run = bad.native(lab());
        if (run.status.exited_with(2) && run.out.empty() && !run.err.empty()) {
            continue;
        }
        fail({.expected = "a message on stderr, nothing on stdout, exit status 2",
              .observed = run.describe() + (run.err.empty() ? "; nothing on stderr" : ""),
              .evidence = fmt::format("$ {}\nstdout: {}", bad.command(), shown(run.out, 2)),
              .next = build_and("paging", bad.command()) + " < /dev/null; echo \"exit status $?\""});
    }
}

/// A run that has to end with a message instead of lines.
void expect_refusal(const Experiment& experiment, const process::Run& run, int status,
                    const std::string& when) {
    if (run.status.exited_with(status) && run.out.empty() && grading::begins_with_name(run.err, "paging")) {
        return;
    }
    const Card card{.expected = fmt::format("{}: a message on stderr that begins with \"paging\", nothing on "
                                            "stdout, exit status {}",
                                            when, status),
                    .observed = fmt::format("{}; stderr: {}", run.describe(), shown(run.err, 2)),
                    .evidence = fmt::format("$ {}\nstdout: {}", experiment.command(), shown(run.out, 2)),
                    .next = at_once(experiment) + "; echo \"exit status $?\""};
    if (run.status.signal && run.ending == process::Ending::finished) {
        fail(card, grading::Reason::crashed);
    }
    fail_run(run, experiment.doing(), card);
}

Shared<process::Run> may_lock_little{[](Lab& lab) {
    Experiment run = experiment({.megabytes = 16, .lock = true});
    run.limits.locked_bytes = 2 * mebibyte;
    return run.native(lab);
}};

TEST(Paging, SaysWhenItMayNotLock) {
    expect_refusal(experiment({.megabytes = 16, .lock = true}), may_lock_little.get(), 1,
                   "it may lock 2 MiB (ulimit -l 2048) and shall lock 16");
}

struct Shortage {
    Experiment experiment;
    process::Run run;
};
Shared<Shortage> little_address_space{[](Lab& lab) {
    Experiment run = experiment({.megabytes = drawn(200, 300)});
    run.limits.address_space_bytes = 100 * mebibyte;
    return Shortage{run, run.native(lab)};
}};

TEST(Paging, ReportsThatThereIsNoMemory) {
    const Shortage& shortage = little_address_space.get();
    expect_refusal(shortage.experiment, shortage.run, 3, "there are not so many addresses");
}

}  // namespace
