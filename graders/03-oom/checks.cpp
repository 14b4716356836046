// Grader of activity 3.
//
// Here oom is run under Valgrind, whose allocation trace is the witness of which blocks there really were.
// Under strace, which lets every sleep return at once and notes how long it would have been. And under strace
// with a small address space (ulimit -v), until mmap fails.
//
// The other checks stand beside this file: touch_checks.cpp (which pages were written to), arena_checks.cpp,
// where memory runs out, machine_checks.cpp, in which a whole machine does, obituary_checks.cpp and
// answers_checks.cpp.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "oom_evidence.hpp"
#include "oom_output.hpp"
#include "vmlab/grading/agreement.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace vmlab;
using namespace vmlab::grading;
using namespace oom_evidence;
using namespace oom_output;
using namespace std::chrono_literals;

TEST(Oom, AllocatesChunkAfterChunk) {
    const evidence::MemcheckRun& run = traced.get();
    expect_exit(run.run, odd.doing("under Valgrind"));
    const std::vector<evidence::Block> blocks = chunks_of(run);
    std::uint64_t total = 0;
    std::size_t freed = 0;
    for (const evidence::Block& block : blocks) {
        total += block.size;
        freed += block.freed_at && *block.freed_at < blocks.back().allocated_at ? 1 : 0;
    }
    if (may_reach(total, odd_limit, odd_chunk) && freed == 0) {
        return;
    }
    std::string row = "the allocation trace holds no call for that many bytes";
    if (!blocks.empty()) {
        row = run.trace.calls[blocks.front().freed_at.value_or(blocks.front().allocated_at)].row;
    }
    fail({.expected = fmt::format("{} or {} blocks of {} bytes from malloc, none of them freed.",
                                  odd_limit / odd_chunk, odd_limit / odd_chunk + 1, odd_chunk),
          .observed =
              fmt::format("Valgrind saw {} ({} bytes in all). Freed while others were still to come: {}.",
                          blocks.size(), total, freed),
          .evidence = fmt::format("$ {}\n{}", odd.under("valgrind --trace-malloc=yes"), row),
          .next = build_and("oom", odd.under("valgrind --trace-malloc=yes")) +
                  fmt::format(" 2>&1 | grep -E '{}|free'", odd_chunk)});
}

TEST(Oom, PrintsTheNewestBlockAndTheTotal) {
    const evidence::MemcheckRun& run = traced.get();
    expect_exit(run.run, odd.doing("under Valgrind"));
    const std::vector<evidence::Block> blocks = chunks_of(run);
    const std::vector<Progress> due = lines_due(blocks);
    std::vector<std::string> lines = lines_of(run.run.out);
    if (!lines.empty() && lines.back().starts_with("reached ")) {
        lines.pop_back();
    }
    const bool all = std::equal(
        lines.begin(), lines.end(), due.begin(), due.end(),
        [](const std::string& line, const Progress& each) { return progress(line) == std::optional(each); });
    if (all && !due.empty()) {
        expect_agreement({"under Valgrind", run.run}, {"with nobody watching", traced_by_nobody.get()},
                         {.next = build_and_run(odd)});
        return;
    }
    std::string expected = "A line \"ADDRESS TOTAL\" after every second block.";
    if (!due.empty()) {
        expected = "These lines, after Valgrind's record of your blocks:";
        for (const Progress& each : due) {
            expected += "\n" + each.text();
        }
    }
    std::string row = fmt::format("no block of {} bytes in the allocation trace", odd_chunk);
    if (!blocks.empty()) {
        row = "the first block in the trace: " + run.trace.calls[blocks.front().allocated_at].row;
    }
    fail({.expected = expected,
          .observed = lines.empty() ? "No line before \"reached\"."
                                    : excerpt(fmt::format("{}", fmt::join(lines, "\n"))),
          .evidence = fmt::format("$ {}\n{}", odd.command(), row),
          .next = build_and_run(odd)});
}

/// Whether this much sleep is the pause. A program that sleeps until a moment (std::this_thread::sleep_until)
/// has used up a little of it before it asks.
bool is_pause(std::chrono::nanoseconds slept, std::chrono::seconds pause) {
    return slept <= pause && slept + 50ms > pause;
}

/// All sleep that any thread asked for between two calls.
std::chrono::nanoseconds slept_between(const evidence::SyscallRun& run, std::size_t from, std::size_t to) {
    std::chrono::nanoseconds sum{0};
    for (std::size_t i = from; i < std::min(to, run.calls.size()); ++i) {
        sum += evidence::sleep_requested(run.calls[i]);
    }
    return sum;
}

/// A line at once, then one after each pause.
void expect_pause(const Experiment& experiment, const evidence::SyscallRun& run, std::chrono::seconds pause) {
    expect_exit(run.run, experiment.doing("under strace"));
    Card card{
        .expected = fmt::format("Lines ADDRESS TOTAL: the first at once, each other after {} s of sleep.",
                                pause.count()),
        .observed = "",
        .evidence = fmt::format("$ {}\n{}", experiment.command(), shown(run.run.out)),
        .next = build_and("oom", experiment.under("strace -f -e trace=write,clock_nanosleep,nanosleep"))};
    std::size_t told = 0;
    std::size_t last = 0;
    for (const evidence::PacedLine& line : run.paced_lines()) {
        if (!progress(line.text)) {
            continue;
        }
        const std::chrono::seconds due = told == 0 ? 0s : pause;
        ++told;
        // A program may have another thread sleep for it, and wait for that.
        const std::chrono::nanoseconds all = slept_between(run, last, line.call);
        last = line.call;
        if (!is_pause(line.slept_before, due) && !(line.slept_before == 0s && is_pause(all, due))) {
            const std::chrono::duration<double> slept = line.slept_before;
            card.observed = fmt::format("{} s of sleep before line {}, instead of {} s.", slept.count(), told,
                                        due.count());
            card.evidence = run.calls[line.call].row;
            fail(card);
        }
    }
    if (told < 3) {
        card.observed = fmt::format("{} such lines: too few to measure a pause between them.", told);
        fail(card);
    }
}

TEST(Oom, SleepsThePauseAfterEachLine) {
    expect_pause(usual_pause, paced_by_default.get(), 2s);
    expect_pause(other_pause, paced_otherwise.get(), 7s);

    const auto& [run, seen] = untraced.get();
    expect_exit(run, one_real_second.doing());
    if (seen.size() < 2 || seen[1] < 1s) {
        fail({.expected = "The same pauses whether strace watches or not.",
              .observed = seen.size() < 2
                              ? fmt::format("With nobody watching, {} line(s).", seen.size())
                              : fmt::format("With nobody watching, the second line came {:.3f} s after the "
                                            "start, and before it stands a pause of 1 s.",
                                            seen[1].count()),
              .evidence = fmt::format("$ {}\n{}", one_real_second.command(), shown(run.out)),
              .next = build_and("oom", one_real_second.under("time"))});
    }
}

void expect_stop(std::uint64_t chunk, std::uint64_t limit) {
    const Experiment experiment = oom(
        {"--chunk", std::to_string(chunk), "--limit", std::to_string(limit), "--no-touch", "--pause", "0"});
    const process::Run run = experiment.native(lab());
    expect_exit(run, experiment.doing());
    const std::string last = last_line(run.out);
    const std::optional<std::uint64_t> total = bytes_after("reached", last);
    if (run.succeeded() && total && may_reach(*total, limit, chunk) && run.out.ends_with('\n')) {
        return;
    }
    const bool ends_in_newline = run.out.empty() || run.out.ends_with('\n');
    fail({.expected = fmt::format("The last line \"reached TOTAL bytes\", TOTAL {} {}, and exit status 0.",
                                  limit % chunk == 0 ? "being" : "less than one chunk away from", limit),
          .observed = fmt::format("\"{}\"{} and {}.", excerpt(last, 1),
                                  ends_in_newline ? "" : " without a newline", run.describe()),
          .evidence = fmt::format("$ {}\n{}", experiment.command(), shown(run.out)),
          .next = build_and_run(experiment)});
}

TEST(Oom, StopsAtTheLimit) {
    expect_stop(mebibyte, 3 * mebibyte);
    expect_stop(2'500'000, 6'000'000);
    expect_stop(1000, 1000);
}

/// The same with nobody tracing it, and with a limit that it cannot know. It touches nothing: only address
/// space can run out, and only that of blocks that there really are.
void expect_null_untraced() {
    const auto& [experiment, run] = with_little_space_untraced.get();
    const std::uint64_t space = experiment.limits.address_space_bytes;
    expect_exit(run, experiment.doing());
    const auto total = bytes_after("malloc returned NULL after", last_line(run.out));
    const std::uint64_t left = total && *total < space ? space - *total : 0;
    if (run.status.exited_with(3) && left > 0 && left < 64 * mebibyte) {
        return;
    }
    fail({.expected = fmt::format("With nobody tracing it, too, malloc returns NULL before {} bytes are "
                                  "allocated, and the program says so.",
                                  space),
          .observed = fmt::format("Under strace it does; untraced the last line is \"{}\", and {}.",
                                  excerpt(last_line(run.out), 1), run.describe()),
          .evidence = fmt::format("$ {}\n{}", experiment.command(), shown(run.out, 4)),
          .why = "A block that malloc returned takes up addresses, touched or not, and they are limited here "
                 "(ulimit -v). A program that goes on beyond the limit has no such blocks.",
          .next = build_and_run(experiment)});
}

/// Whether `new` found no memory: Valgrind cannot throw, so it ends the program there (mc_main.c).
bool ended_by_new(const evidence::AllocationTrace& trace) {
    return std::any_of(trace.calls.begin(), trace.calls.end(), [](const evidence::AllocationCall& call) {
        return call.function.starts_with("_Zn") && !call.allocates();
    });
}

/// More addresses than there are, in a single call, and that under Memcheck.
void expect_null_at_once() {
    const Experiment absurd = oom({"--chunk", "4611686018427387904", "--pause", "0"});
    const evidence::MemcheckRun watched = absurd.memcheck(lab());
    expect_memory_respected(absurd, watched);
    const process::Run run = ended_by_new(watched.trace) ? absurd.native(lab()) : watched.run;
    expect_exit(run, absurd.doing());
    const auto total = bytes_after("malloc returned NULL after", last_line(run.out));
    if (total == std::uint64_t{0} && run.status.exited_with(3)) {
        return;
    }
    fail({.expected = "The only line \"malloc returned NULL after 0 bytes\", and exit status 3.",
          .observed = fmt::format("\"{}\" and {}.", excerpt(last_line(run.out), 1), run.describe()),
          .evidence = fmt::format("$ {}\n{}", absurd.command(), shown(run.out, 4)),
          .next = build_and_run(absurd)});
}

TEST(Oom, ReportsNullFromMalloc) {
    const evidence::SyscallRun& run = with_little_address_space.get();
    expect_exit(run.run, little_space.doing("under strace"));
    const std::vector<evidence::SystemCall> mappings = run.named("mmap");
    const auto refused = std::find_if(mappings.begin(), mappings.end(),
                                      [](const auto& call) { return call.error == "ENOMEM"; });
    // Blocks of 1 MiB: each has a line, so the line before the last told the same total.
    const std::optional<std::uint64_t> total =
        bytes_after("malloc returned NULL after", last_line(run.run.out));
    const bool true_total =
        total && *total == last_total(run.run.out) && *total > 64 * mebibyte && *total < 128 * mebibyte;
    if (true_total && refused != mappings.end() && run.run.status.exited_with(3)) {
        expect_null_untraced();
        expect_null_at_once();
        return;
    }
    fail({.expected = "The last line \"malloc returned NULL after TOTAL bytes\", TOTAL as on the line before "
                      "it; exit status 3.",
          .observed = fmt::format("\"{}\" and {}.", excerpt(last_line(run.run.out), 1), run.run.describe()),
          .evidence = refused == mappings.end()
                          ? "strace saw no mmap that was refused: the program did not get that far"
                          : refused->row,
          .next = build_and_run(little_space)});
}

TEST(Oom, RefusesBadUsage) {
    for (const Arguments& wrong :
         {Arguments{"--bogus"}, Arguments{"--chunk"}, Arguments{"--chunk", "700001x"}, Arguments{"extra"},
          Arguments{"--pause", "x"}, Arguments{"--chunk", "99999999999999999999"}, Arguments{"--chunk", "0"},
          Arguments{"--limit", "1048576x"}, Arguments{"--limit", "none"}, Arguments{"--limit", ""}}) {
        // A program that takes them ends soon all the same: at the limit, or when malloc returns NULL.
        Experiment experiment = oom({"--limit", "1048576", "--pause", "0"});
        experiment.arguments.insert(experiment.arguments.end(), wrong.begin(), wrong.end());
        experiment.limits.data_bytes = 256 * mebibyte;
        experiment.limits.wall = 10s;
        const process::Run run = experiment.native(lab());
        if (run.status.exited_with(2) && run.out.empty() && !run.err.empty()) {
            continue;
        }
        fail_run(run, experiment.doing(),
                 {.expected = "A message on stderr, nothing on stdout, exit status 2.",
                  .observed = fmt::format("stderr \"{}\", stdout \"{}\", {}", excerpt(run.err, 2),
                                          excerpt(run.out, 2), run.describe()),
                  .evidence = "$ " + experiment.command(),
                  .next = build_and_run(experiment) + "; echo $?"});
    }
    const Experiment half_a_number = oom({"--limit", "1048576", "--chunk", "700001x"});
    expect_memory_respected(half_a_number, half_a_number.memcheck(lab()));
}

}  // namespace
