// Grader of activity 5: give it back with free().
//
// The answers are compared with live runs of programs that the grader trusts: the original starter, a
// finished program, and a small one that frees a single block. strace tells what the kernel was asked for;
// the addresses are compared within one run, for every run starts elsewhere.
//
// Then the student's program is judged, by four witnesses:
//   - Valgrind's trace tells which blocks were allocated, and Memcheck what became of them;
//   - strace tells what was printed and how long was slept (the sleeps themselves are fast-forwarded);
//   - a run without end shows whether its memory grows: a program that frees everything at the very end leaks
//     all the same while it runs;
//   - runs that nobody traces, looked at from outside, show whether all that holds for those too.
// How many rounds are looked at is drawn anew in each grading.
//
// Here stand the checks on what the program prints, and when; answers_checks.cpp, blocks_checks.cpp and
// growth_checks.cpp hold the others.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rounds.hpp"
#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace free_loop;
using grading::begins_with_name;
using grading::lines_of;
using namespace std::chrono_literals;

constexpr std::string_view name = "free_loop";

TEST(Free, PrintsOneLineARound) {
    const auto expect_rounds = [](const process::Run& run, const Experiment& experiment, std::size_t rounds,
                                  bool may_end_early) {
        const std::vector<std::string> lines = lines_of(run.out);
        Card card{
            .expected = fmt::format("{}: {} lines, each ADDRESS, a tab, ADDRESS; exit status 0",
                                    experiment.command(), rounds),
            .evidence = "stdout:\n" + shown(run.out),
            .next = build_and("free_loop", experiment.command()) +
                    " | cat -A   # a tab shows as ^I, a line's end as $",
        };
        const auto other =
            std::find_if(lines.begin(), lines.end(), [](const std::string& line) { return !round_of(line); });
        if (other != lines.end() && !(may_end_early && other + 1 == lines.end())) {
            card.observed = fmt::format("line {} is \"{}\"", other - lines.begin() + 1, shown(*other, 1));
            fail_run(run, experiment.doing(), card);
        }
        if (may_end_early && lines.size() <= rounds) {
            return;
        }
        if (lines.size() != rounds || run.out.back() != '\n') {
            card.observed = fmt::format("{} line(s)", lines.size());
            if (!lines.empty() && run.out.back() != '\n') {
                card.observed += ", the last of them without a newline";
            }
            fail_run(run, experiment.doing(), card);
        }
        grading::expect_exit_status(run, 0, experiment.doing());
    };
    const std::size_t few = std::stoul(some_rounds.arguments.front());
    expect_rounds(recorded.get().run, some_rounds, few, false);
    const CountedRun& many = counted.get();
    expect_rounds(many.run, with_rounds(many.rounds), many.rounds, many.was_stopped() || many.growth());
}

std::string seconds(std::chrono::duration<double> time) {
    return fmt::format("{:.6g} s", time.count());
}

/// Expects 2 s of sleep behind each line of a run, and none before the first.
void expect_pauses(const SyscallRun& run, const Experiment& experiment) {
    const std::vector<evidence::PacedLine> lines = run.paced_lines();
    const auto complain = [&](const std::string& where, std::chrono::nanoseconds slept) {
        const auto sleep = std::find_if(run.calls.begin(), run.calls.end(), evidence::is_sleep);
        const std::string row =
            sleep == run.calls.end() ? "strace saw no sleep at all" : "strace: " + sleep->row;
        fail_run(run.run, experiment.doing(),
                 {.expected = "2 s of sleep after every line, and none before the first",
                  .observed = fmt::format("{}: {} of sleep", where, seconds(slept)),
                  .evidence = row,
                  .next = build_and("free_loop", experiment.under(strace)) + " | cat"});
    };
    if (lines.size() < 2) {
        complain(fmt::format("{} line(s) in all", lines.size()), run.slept());
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!evidence::is_pause(lines[i].slept_before, lines[i].slack_before, i == 0 ? 0s : 2s)) {
            complain(fmt::format("before line {}", i + 1), lines[i].slept_before);
        }
    }
    const bool ended = run.run.ending == process::Ending::finished;
    if (ended && !evidence::is_pause(run.slept_after_last_line(), run.slack_after_last_line(), 2s)) {
        complain("after the last line", run.slept_after_last_line());
    }
}

TEST(Free, SleepsTwoSecondsARound) {
    expect_pauses(recorded.get(), some_rounds);
    expect_pauses(endless.get().recorded, forever);
    const UnwatchedRun& alone = unwatched.get();
    const std::size_t sleeps = alone.held.size();
    if (alone.took < 1.95s * static_cast<double>(sleeps)) {
        fail({.expected = fmt::format("{} pauses of 2 s between {} lines, whether strace watches or not",
                                      sleeps, sleeps + 1),
              .observed = fmt::format("left alone, the program prints them within {}", seconds(alone.took)),
              .evidence = fmt::format("measured from the start of {} to line {}, without strace",
                                      forever.command(), sleeps + 1),
              .next = build_and("free_loop", "time " + with_rounds(sleeps).command())});
    }
}

TEST(Free, RunsForeverUnlessToldOtherwise) {
    const auto expect_forever = [](const EndlessRun& run, const Experiment& experiment) {
        // One that leaks runs out of memory in the end: another check tells of that.
        if (run.went_on || run.grows()) {
            return;
        }
        const process::Run& ended = run.recorded.run;
        fail_run(ended, experiment.doing(),
                 {.expected = fmt::format("`{}` goes on until it is stopped", experiment.command()),
                  .observed = fmt::format("it printed {} line(s); then: {}", run.lines, ended.describe()),
                  .evidence = fmt::format("stdout: {}\nstderr: {}", shown(ended.out, 2), shown(ended.err, 2)),
                  .next = build_and("free_loop", experiment.command()) + "   # stop it with Ctrl-C"});
    };
    expect_forever(endless.get(), forever);
    expect_forever(zero_rounds.get(), forever_by_zero);
}

bool is_refusal(const process::Run& run) {
    return run.status.exited_with(2) && run.out.empty() && begins_with_name(run.err, name);
}

[[noreturn]] void fail_usage(const process::Run& run, const Experiment& experiment,
                             const std::string& or_else) {
    const std::string refusal =
        "a message on stderr that begins with \"free_loop\", nothing on stdout, exit status 2";
    // A program that goes on instead of refusing is stopped by a limit: that is not the fault to tell of.
    const Card card{
        .expected = fmt::format("`{}`: {}{}", experiment.command(), refusal, or_else),
        .observed = run.describe(),
        .evidence = fmt::format("stdout: {}\nstderr: {}", shown(run.out, 2), shown(run.err, 2)),
        .next = build_and("free_loop", experiment.command()) + "; echo \"exit status $?\"",
    };
    if (run.status.signal && run.ending == process::Ending::finished) {
        fail(card, grading::Reason::crashed);
    }
    fail(card);
}

TEST(Free, RefusesBadUsage) {
    for (Misuse* misuse : {&no_number, &half_a_number, &empty_argument, &negative_number, &two_numbers}) {
        if (const process::Run& run = misuse->run.get().run; !is_refusal(run)) {
            fail_usage(run, misuse->experiment, "");
        }
    }
    for (Misuse* three : {&with_a_sign, &with_a_blank}) {
        const process::Run& run = three->run.get().run;
        const bool is_three = run.succeeded() && lines_of(run.out).size() == 3;
        if (!is_refusal(run) && !is_three) {
            fail_usage(run, three->experiment, "; or three rounds");
        }
    }
    const EndlessRun& most = as_many_as_there_are.get();
    if (!is_refusal(most.recorded.run) && !most.went_on) {
        fail_usage(most.recorded.run, beyond_64_bits, "; or as many rounds as there is time for");
    }
}

/// Blocks need not come from malloc: a program that uses plain new does not notice this run, and finishes its
/// rounds. One that does not ask whether it got NULL prints NULL.
bool finished_its_rounds(const Shortage& shortage) {
    const std::vector<Round> rounds = rounds_in(shortage.run.out);
    const bool has_null = std::any_of(rounds.begin(), rounds.end(), [](const Round& round) {
        return round.first == 0 || round.second == 0;
    });
    return shortage.run.succeeded() && rounds.size() == shortage.rounds && !has_null;
}

void expect_report(const Shortage& shortage, const std::string& failing_calls) {
    const process::Run& run = shortage.run;
    if (finished_its_rounds(shortage)) {
        return;
    }
    std::vector<std::string> faults;
    if (!begins_with_name(run.err, name)) {
        faults.emplace_back("wrote no message to stderr that begins with its name");
    }
    const std::vector<std::uint64_t> printed = addresses_in(run.out);
    const bool has_null = std::count(printed.begin(), printed.end(), 0) > 0;
    if (has_null || run.out.find("(nil)") != std::string::npos) {
        faults.emplace_back("printed NULL as if it were a block's address");
    } else if (rounds_in(run.out).size() >= shortage.rounds) {
        faults.emplace_back("printed the line of a whole round");
    }
    if (!run.status.exited_with(1)) {
        faults.push_back("ended with: " + run.describe());
    }
    if (faults.empty()) {
        return;
    }
    const Card card{
        .expected = "a message on stderr that begins with \"free_loop\", no NULL on stdout, exit status 1",
        .observed = fmt::format("malloc returned NULL {}, and the program {}", failing_calls,
                                fmt::join(faults, "; ")),
        .evidence = fmt::format("stdout: {}\nstderr: {}", shown(run.out, 2), shown(run.err, 2)),
        .next = build_and("free_loop", "(ulimit -v 40000; ./free_loop 1)") + "; echo \"exit status $?\"",
    };
    if (run.status.signal && run.ending == process::Ending::finished) {
        fail(card, grading::Reason::crashed);
    }
    fail_run(run, shortage.experiment.doing("without memory"), card);
}

TEST(Free, ReportsThatMallocFailed) {
    expect_report(first_malloc_fails.get(), "from its first call on");
    expect_report(only_the_first_malloc_fails.get(), "at its first call, and only there");
    expect_report(second_malloc_fails.get(), "from its second call on");
    const Shortage& later = later_malloc_fails.get();
    expect_report(later, fmt::format("from call {} on", later.calls_that_work + 1));
}

}  // namespace
