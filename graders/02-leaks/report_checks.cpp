// Grader of activity 2, part 3: the mended program's report, compared with the starter's: with memory to be
// had, without, and with blocks that forget.

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <utility>

#include "mended.hpp"
#include "questions.hpp"
#include "runs.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/output.hpp"

namespace {

using namespace leaks;

/// One of the ways in which the program is run with memory to be had.
void expect_the_report(const process::Run& run, const std::string& how, const std::string& next) {
    grading::expect_exit_status(run, 0, experiment.doing(how));
    const std::string& report = starter.get().run.out;
    if (run.out == report) {
        return;
    }
    fail({.expected = excerpt(report),
          .observed = grading::shown(run.out),
          .evidence = fmt::format("stdout {}, compared with the original's byte by byte", how),
          .next = next});
}

TEST(Leaks, PrintsTheReportUnchanged) {
    expect_the_report(plain.get(), "with nobody watching", built_and(experiment.command()));
    expect_the_report(mended.get().run, "under Valgrind", built_and(experiment.under("valgrind -q")));
    expect_the_report(counted.get().run, "with its blocks counted", built_and(experiment.command()));
}

TEST(Leaks, PrintsNoReportWithoutMemory) {
    expect_something_to_judge();
    if (const auto& found = constants.get()) {
        fail(found->card);
    }
}

/// A program that crashes with all its memory may do so before it comes to the call that fails.
bool crashes_all_the_same(const process::Run& run) {
    const process::Run& usual = plain.get();
    return run.status.signal && run.status.signal == usual.status.signal && run.out == usual.out &&
           run.err == usual.err;
}

TEST(Leaks, ReportsThatMallocFailed) {
    expect_something_to_judge();
    std::size_t working = 0;
    for (const process::Run& run : starved.get()) {
        const std::size_t allocations = working++;
        // A program that takes its blocks from plain new does not notice.
        const bool got_its_blocks = run.succeeded() && run.out == starter.get().run.out;
        if (got_its_blocks || crashes_all_the_same(run) ||
            (run.status.exited_with(1) && grading::begins_with_name(run.err, "leaks"))) {
            continue;
        }
        Card card{
            .expected = "on stderr a message that begins with \"leaks\", and exit status 1",
            .observed = fmt::format("malloc returned NULL after {} calls that worked, and the program {}",
                                    allocations, run.describe()),
            .evidence =
                fmt::format("stdout:\n{}\nstderr:\n{}", grading::shown(run.out), grading::shown(run.err)),
            .next = built_and(experiment.under("gdb -q -batch -ex 'break malloc if $rdi == 64' -ex run "
                                               "-ex 'return (void*)0' -ex continue")),
        };
        if (run.status.signal && run.ending == process::Ending::finished) {
            fail(std::move(card), grading::Reason::crashed);
        }
        grading::fail_run(run, experiment.doing("with a malloc that returns NULL"), std::move(card));
    }
}

}  // namespace
