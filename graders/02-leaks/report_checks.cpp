// Grader of activity 2, part 3: the mended program's report, compared with the starter's: with memory to be
// had, without, and with blocks that forget.

#include <fmt/format.h>

#include <cstddef>
#include <string>

#include "mended.hpp"
#include "questions.hpp"
#include "runs.hpp"
#include "vmlab/grading/agreement.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace leaks;

/// Memory that is read when it is not initialised, or free, may hold anything: that is a mistake. Without
/// one, the same program prints the same report, whoever watches it.
void expect_the_report_under_valgrind() {
    const MemcheckRun& run = mended.get();
    grading::expect_agreement({"without Valgrind", plain.get()}, {"under Valgrind", run.run},
                              {.otherwise = run.report.errors.empty() ? grading::OutcomeKind::tamper_suspected
                                                                      : grading::OutcomeKind::failed,
                               .next = build + " && ./leaks && valgrind -q ./leaks"});
}

TEST(Leaks, PrintsTheReportUnchanged) {
    grading::expect_exit_status(plain.get(), 0, "running leaks");
    const std::string& report = starter.get().run.out;
    if (plain.get().out == report) {
        expect_the_report_under_valgrind();
        return;
    }
    fail({.expected = excerpt(report),
          .observed = plain.get().out.empty() ? "nothing on stdout" : excerpt(plain.get().out),
          .evidence = "stdout of the program, compared with the original's byte by byte",
          .why = "Mending a leak must not change what a program does. A changed number or text often means "
                 "that a block was freed before its last use.",
          .next = build + " && ./leaks"});
}

TEST(Leaks, PrintsNoReportWithoutMemory) {
    expect_something_to_judge();
    if (const auto& card = report_of_constants.get()) {
        fail(*card);
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
    for (std::size_t allocations = 0; allocations < number_of_blocks(wanted()); ++allocations) {
        const process::Run run = run_without_memory(lab(), allocations, false);
        // A program that takes its blocks from plain new does not notice.
        const bool got_its_blocks = run.succeeded() && run.out == starter.get().run.out;
        if (got_its_blocks || crashes_all_the_same(run) ||
            (run.status.exited_with(1) && begins_with_the_programs_name(run.err))) {
            continue;
        }
        const Card card{
            .expected = "on stderr a message that begins with \"leaks\", and exit status 1",
            .observed = fmt::format("malloc returned NULL after {} calls that worked, and the program {}",
                                    allocations, run.describe()),
            .evidence = fmt::format("stdout:\n{}\nstderr:\n{}", excerpt(run.out), excerpt(run.err)),
            .why =
                "NULL is the only way in which malloc can say that there is no memory. The program asked "
                "whether it got NULL when it was given to you: mending a leak must not change that.",
            .next = build +
                    " && gdb -q -batch -ex 'break malloc if $rdi == 64' -ex run -ex 'return (void*)0' "
                    "-ex continue ./leaks",
        };
        if (run.status.signal && run.ending == process::Ending::finished) {
            fail(card, grading::Reason::crashed);
        }
        grading::expect_exit(run, "running leaks with a malloc that returns NULL");
        fail(card);
    }
}

}  // namespace
