// Grader of activity 5: give it back with free().
//
// The answers are compared with live runs of programs that the grader trusts: the original starter, a
// finished program, and a small one that frees a single block. strace tells what the kernel was asked for;
// the addresses are compared within one run, for every run starts elsewhere.
//
// Then the student's program is judged, by three witnesses:
//   - Valgrind's trace tells which blocks were allocated, and Memcheck what became of them;
//   - strace tells what was printed and how long was slept (the sleeps themselves are fast-forwarded);
//   - a run without end shows whether its memory grows: a program that frees everything at the very end leaks
//     all the same while it runs.
//
// Here stand the checks on the program as it runs without Valgrind; answers_checks.cpp and blocks_checks.cpp
// hold the others.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "address_space.hpp"
#include "endless_run.hpp"
#include "rounds.hpp"
#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace free_loop;
using namespace vmlab;
using evidence::SyscallRun;
using grading::Card;
using grading::excerpt;
using grading::fail;

/// The second witness: the same program with nobody tracing it. Its account is compared with strace's, which
/// saw memory that stays where it is.
void expect_flat_without_a_tracer() {
    const auto accuse = [](std::string observed, std::string evidence) {
        grading::suspect_tampering(
            {.expected = "the same behaviour, whether somebody watches or not",
             .observed = "under strace it keeps its size; left alone " + std::move(observed),
             .evidence = std::move(evidence),
             .why = "Points are given for what strace saw. A program that behaves better when it is watched "
                    "cannot be judged by that. A person has to look at this submission.",
             .next = build + " && ./free_loop & sleep 30; ps -o rss,vsz,comm -C free_loop; kill %1"});
    };
    // The heap may grow by the first block, once; a leaked block comes on top.
    const std::vector<std::uint64_t>& sizes = unwatched.get().sizes;
    if (sizes.size() == 2 && sizes[0] > 0 && sizes[1] > sizes[0] + first_block_bytes + 5 * mebibyte) {
        accuse(fmt::format("it grows by {} bytes from round 1 to round 2", grouped(sizes[1] - sizes[0])),
               fmt::format("/proc/PID/status, VmSize: {} kB in round 1, {} kB in round 2", sizes[0] / 1024,
                           sizes[1] / 1024));
    }
    const ManyRounds& many = untraced.get();
    const auto [least, most] = std::minmax_element(many.sizes.begin(), many.sizes.end());
    if (least >= most) {
        return;
    }
    if (const std::uint64_t grown = *most - *least; grown > most_bytes_that_come_and_go) {
        accuse(fmt::format("it grows by {} bytes within {} rounds", grouped(grown), many.lines),
               fmt::format("/proc/PID/status, VmSize: {} kB in round {}, {} kB in round {}; then: {}",
                           *least / 1024, least - many.sizes.begin() + 1, *most / 1024,
                           most - many.sizes.begin() + 1, many.run.describe()));
    }
}

TEST(Free, StaysFlatOverManyRounds) {
    const EndlessRun& run = endless.get();
    const std::vector<evidence::PacedLine> lines = run.recorded.paced_lines();
    const AddressSpace memory(run.recorded.calls);
    Card card{
        .expected = fmt::format("after {} lines, no more memory than after {}", late_round, early_round),
        .observed = {},
        .evidence = {},
        .why =
            "A leak is not what is left at the end: it is memory that a running program cannot use "
            "any more. The address space (VSZ in ps, VmSize in /proc) shows a leaked block even if "
            "no page of it was ever touched; the resident set (RSS, VmRSS) shows what the leak costs "
            "in RAM. In a program that frees what it allocates, both stay where they are.",
        .next = look_with_strace + "   # is there a munmap for every mmap, in every round?"};
    if (memory.most() < mebibyte) {
        card.expected = "a program that allocates two large blocks in every round";
        card.observed = fmt::format("it never held more than {} bytes of heap and mappings", memory.most());
        card.evidence =
            fmt::format("{} line(s) on stdout: {}", lines.size(), excerpt(run.recorded.run.out, 2));
        fail_run(run.recorded.run, "running free_loop without end", card);
    }

    if (lines.size() >= 4) {
        const std::size_t early = std::min(early_round, lines.size() / 2) - 1;
        // The last line before a program runs out of memory is not like the others.
        const std::size_t late = (lines.size() < late_round ? lines.size() - 1 : late_round) - 1;
        const std::int64_t grown = memory.held_after(lines[late].call) - memory.held_after(lines[early].call);
        if (grown > mebibyte) {
            card.observed = fmt::format(
                "between line {} and line {} the address space grew by {} bytes: {} a line", early + 1,
                late + 1, grouped(grown), grouped(grown / static_cast<std::int64_t>(late - early)));
            card.evidence = fmt::format("strace, what the kernel gave last before line {}:\n{}", early + 1,
                                        run.recorded.calls[memory.last_gain_before(lines[early].call)].row);
            if (lines.size() < late_round) {
                card.evidence +=
                    fmt::format("\nit was allowed {} MiB in all, and ended after {} lines; stderr: {}",
                                most_data_bytes / mebibyte, lines.size(), excerpt(run.recorded.run.err, 2));
            }
            fail(std::move(card));
        }
    }
    if (lines.size() < late_round || !run.early_peak || !run.late_peak) {
        card.observed =
            fmt::format("it ended after {} line(s): {}", lines.size(), run.recorded.run.describe());
        card.evidence = "stderr: " + excerpt(run.recorded.run.err, 3);
        fail_run(run.recorded.run, "running free_loop without end", card);
    }
    if (const auto grown =
            static_cast<std::int64_t>(*run.late_peak) - static_cast<std::int64_t>(*run.early_peak);
        grown > 4 * mebibyte) {
        card.observed = fmt::format("the largest resident set grew by {} KiB", grown / 1024);
        card.evidence = fmt::format("/proc/PID/status, VmHWM: {} KiB after {} lines, {} KiB after {}",
                                    *run.early_peak / 1024, early_round, *run.late_peak / 1024, late_round);
        fail(std::move(card));
    }

    expect_flat_without_a_tracer();
}

TEST(Free, PrintsOneLineARound) {
    static const std::regex line_of_a_round{"0x[0-9a-fA-F]+\t0x[0-9a-fA-F]+"};
    const process::Run& run = recorded.get().run;
    const std::vector<std::string> lines = lines_of(run.out);
    Card card{
        .expected = fmt::format("free_loop {}: {} lines, each ADDRESS, a tab, ADDRESS; exit status 0",
                                rounds_under_strace, rounds_under_strace),
        .observed = {},
        .evidence = "stdout:\n" + excerpt(run.out),
        .why =
            "A fixed form can be read by other programs: cut -f1 gives the first column only if "
            "there is a tab and nothing else. Messages belong on stderr.",
        .next = build + fmt::format(" && ./free_loop {} | cat -A   # a tab shows as ^I, a line's end as $",
                                    rounds_under_strace)};
    const auto other = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
        return !std::regex_match(line, line_of_a_round);
    });
    if (other != lines.end()) {
        card.observed = fmt::format("line {} is \"{}\"", other - lines.begin() + 1, excerpt(*other, 1));
        fail_run(run, "running free_loop 4", card);
    }
    if (lines.size() != rounds_under_strace || run.out.back() != '\n') {
        card.observed = fmt::format("{} line(s)", lines.size());
        fail_run(run, "running free_loop 4", card);
    }
    grading::expect_exit_status(run, 0, "running free_loop 4");
}

/// Whether this much sleep is the pause. A program that sleeps until a moment (std::this_thread::sleep_until)
/// has used up a little of it before it asks.
bool is_pause(std::chrono::nanoseconds slept, std::chrono::seconds pause) {
    return slept <= pause && slept + std::chrono::milliseconds(50) > pause;
}

TEST(Free, SleepsTwoSecondsARound) {
    using namespace std::chrono_literals;
    const SyscallRun& run = recorded.get();
    const std::vector<evidence::PacedLine> lines = run.paced_lines();
    Card card{.expected = "2 s of sleep after every line, and none before the first",
              .observed = {},
              .evidence = {},
              .why =
                  "The grader does not wait: strace lets each sleep return at once and notes how long it "
                  "was meant to be. A line that waits in stdout's buffer comes after sleeps that should "
                  "have followed it; into a pipe, stdout is written only when 4,096 bytes have come "
                  "together or fflush asks for it.",
              .next = look_with_strace + " | cat"};
    const auto seconds = [](std::chrono::nanoseconds time) {
        return fmt::format("{} s", std::chrono::duration<double>(time).count());
    };
    const auto complain = [&](const std::string& where, std::chrono::nanoseconds slept) {
        card.observed = fmt::format("{}: {} of sleep", where, seconds(slept));
        const auto sleep = std::find_if(run.calls.begin(), run.calls.end(), evidence::is_sleep);
        card.evidence = sleep == run.calls.end() ? "strace saw no sleep at all" : "strace: " + sleep->row;
        fail_run(run.run, "running free_loop 4", card);
    };
    if (lines.size() < 2) {
        complain(fmt::format("{} line(s) in all", lines.size()), run.slept());
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!is_pause(lines[i].slept_before, i == 0 ? 0s : 2s)) {
            complain(fmt::format("before line {}", i + 1), lines[i].slept_before);
        }
    }
    if (run.run.ending == process::Ending::finished && !is_pause(run.slept_after_last_line(), 2s)) {
        complain("after the last line", run.slept_after_last_line());
    }
    if (const auto took = unwatched.get().two_lines_took; took && *took < 1900ms) {
        card.expected = "the same pauses whether strace watches or not";
        card.observed =
            fmt::format("left alone, the program prints two lines within {:.3f} s", took->count());
        card.evidence = "measured from the start of ./free_loop to its second line, without strace";
        card.next = build + " && time ./free_loop 2";
        fail(std::move(card));
    }
}

TEST(Free, RunsForeverUnlessToldOtherwise) {
    const auto expect_forever = [](const EndlessRun& run, const std::string& command) {
        const bool ended_content = run.recorded.run.succeeded();
        if (run.lines >= enough_rounds_for_forever && !ended_content) {
            return;
        }
        fail_run(run.recorded.run, "running " + command,
                 {.expected = fmt::format("`{}` goes on until it is stopped", command),
                  .observed =
                      fmt::format("it printed {} line(s); then: {}", run.lines, run.recorded.run.describe()),
                  .evidence = fmt::format("stdout: {}\nstderr: {}", excerpt(run.recorded.run.out, 2),
                                          excerpt(run.recorded.run.err, 2)),
                  .why = "Leaks hurt programs that do not end: servers, desktops, phones. A loop without end "
                         "is where they can be watched.",
                  .next = build + " && " + command + "   # stop it with Ctrl-C"});
    };
    expect_forever(endless.get(), "./free_loop");
    expect_forever(zero_rounds.get(), "./free_loop 0");
}

bool begins_with_the_programs_name(const std::string& message) {
    static const std::regex name{R"(^(\S*/)?free_loop\b)"};
    return std::regex_search(message, name);
}

TEST(Free, RefusesBadUsage) {
    const auto expect_refusal = [](const EndlessRun& misused, const std::string& command) {
        const process::Run& run = misused.recorded.run;
        if (run.status.exited_with(2) && run.out.empty() && begins_with_the_programs_name(run.err)) {
            return;
        }
        fail_run(
            run, "running " + command,
            {.expected = fmt::format("`{}`: a message on stderr that begins with \"free_loop\", nothing on "
                                     "stdout, exit status 2",
                                     command),
             .observed = run.describe(),
             .evidence = fmt::format("stdout: {}\nstderr: {}", excerpt(run.out, 2), excerpt(run.err, 2)),
             .why = "atoi turns every word into 0, and 0 means forever here: a typing error becomes another "
                    "command. strtoul and std::from_chars say whether there was a number, and where it "
                    "ended; argc says how many arguments there were.",
             .next = build + " && ./" + command + "; echo \"exit status $?\""});
    };
    expect_refusal(no_number.get(), "free_loop ten");
    expect_refusal(half_a_number.get(), "free_loop 3x");
    expect_refusal(empty_argument.get(), "free_loop ''");
    expect_refusal(two_numbers.get(), "free_loop 1 1");
}

/// Blocks need not come from malloc: a program that uses plain new does not notice this run, and finishes its
/// round. One that does not ask whether it got NULL prints NULL.
bool finished_its_round(const process::Run& run) {
    const std::vector<Round> rounds = rounds_in(run.out);
    return (run.succeeded() || run.ending == process::Ending::stopped) && rounds.size() == 1 &&
           rounds[0].first != 0 && rounds[0].second != 0;
}

TEST(Free, ReportsThatMallocFailed) {
    const auto expect_report = [](const process::Run& run, const std::string& failing_calls) {
        if (finished_its_round(run)) {
            return;
        }
        std::vector<std::string> faults;
        if (!begins_with_the_programs_name(run.err)) {
            faults.push_back("wrote no message to stderr that begins with its name");
        }
        const std::vector<std::uint64_t> printed = evidence::addresses_in(run.out);
        if (std::count(printed.begin(), printed.end(), 0) > 0 || run.out.find("(nil)") != std::string::npos) {
            faults.push_back("printed NULL as if it were a block's address");
        } else if (!rounds_in(run.out).empty()) {
            faults.push_back("printed the line of a whole round");
        }
        if (!run.status.exited_with(1)) {
            faults.push_back("ended with: " + run.describe());
        }
        if (faults.empty()) {
            return;
        }
        const Card card{
            .expected =
                "a message on stderr that begins with \"free_loop\", no NULL on stdout, exit "
                "status 1",
            .observed = fmt::format("malloc returned NULL {}, and the program {}", failing_calls,
                                    fmt::join(faults, "; ")),
            .evidence = fmt::format("stdout: {}\nstderr: {}", excerpt(run.out, 2), excerpt(run.err, 2)),
            .why =
                "NULL is the only way in which malloc can say that there is no memory. A program that "
                "does not ask goes on with address 0, where there is no block.",
            .next = build + " && (ulimit -v 40000; ./free_loop 1); echo \"exit status $?\"",
        };
        if (run.status.signal && run.ending == process::Ending::finished) {
            fail(card, grading::Reason::crashed);
        }
        fail_run(run, "running free_loop 1 without memory", card);
    };
    expect_report(first_malloc_fails.get(), "from its first call on");
    expect_report(only_the_first_malloc_fails.get(), "at its first call, and only there");
    expect_report(second_malloc_fails.get(), "from its second call on");
}

}  // namespace
