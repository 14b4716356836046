// Grader of activity 3.
//
// Here oom is run under Valgrind, whose allocation trace is the witness of which blocks there really were.
// Under strace, which lets every sleep return at once and notes how long it would have been. And under strace
// with a small address space (ulimit -v), until mmap fails.
//
// The other checks stand beside this file: arena_checks.cpp, where memory runs out, machine_checks.cpp, in
// which a whole machine does, obituary_checks.cpp and answers_checks.cpp.

#include <fmt/format.h>

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
    expect_exit(run.run, "running " + odd_command + " under Valgrind");
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
    fail(
        {.expected = fmt::format(
             "{} or {} blocks of {} bytes from malloc for --chunk {} --limit {}, none of them freed.",
             odd_limit / odd_chunk, odd_limit / odd_chunk + 1, odd_chunk, odd_chunk, odd_limit),
         .observed =
             fmt::format("Valgrind saw {} ({} bytes in all). Freed while others were still to come: {}.",
                         blocks.size(), total, freed),
         .evidence = blocks.empty()
                         ? "the allocation trace holds no call for that many bytes"
                         : run.trace.calls[blocks.front().freed_at.value_or(blocks.front().allocated_at)].row,
         .why = "Memory runs out by what is allocated and kept, not by what is printed. Blocks that are "
                "freed, or slices of one big block, make another experiment of it.",
         .next = build_oom + fmt::format("valgrind --trace-malloc=yes {} 2>&1 | grep -E '{}|free'",
                                         odd_command, odd_chunk)});
}

TEST(Oom, PrintsTheNewestBlockAndTheTotal) {
    const evidence::MemcheckRun& run = traced.get();
    expect_exit(run.run, "running " + odd_command + " under Valgrind");
    const std::vector<std::string> due = lines_due(chunks_of(run));
    std::vector<std::string> lines = lines_of(run.run.out);
    if (!lines.empty() && lines.back().starts_with("reached ")) {
        lines.pop_back();
    }
    if (lines == due && !due.empty()) {
        // A program that reads memory it never initialised may do something else each time, by mistake.
        const OutcomeKind otherwise =
            run.report.errors.empty() ? OutcomeKind::tamper_suspected : OutcomeKind::failed;
        expect_agreement({"under Valgrind", run.run}, {"with nobody watching", traced_by_nobody.get()},
                         {.otherwise = otherwise, .next = build_oom + odd_command});
        return;
    }
    fail({.expected = due.empty() ? "A line \"ADDRESS TOTAL\" after every second block."
                                  : fmt::format("These lines, after Valgrind's record of your blocks:\n{}",
                                                fmt::join(due, "\n")),
          .observed = lines.empty() ? "No line before \"reached\"."
                                    : excerpt(fmt::format("{}", fmt::join(lines, "\n"))),
          .evidence = chunks_of(run).empty()
                          ? fmt::format("no block of {} bytes in the allocation trace", odd_chunk)
                          : "the first block in the trace: " +
                                run.trace.calls[chunks_of(run).front().allocated_at].row,
          .why =
              "A line is due whenever 1048576 bytes or more have been allocated since the last line. It "
              "tells the address of the block that was allocated just now, and the total counts that block.",
          .next = build_oom + odd_command});
}

/// Whether this much sleep is the pause. A program that sleeps until a moment (std::this_thread::sleep_until)
/// has used up a little of it before it asks.
bool is_pause(std::chrono::nanoseconds slept, std::chrono::seconds pause) {
    return slept <= pause && slept + 50ms > pause;
}

/// A line at once, then one after each pause.
void expect_pause(const evidence::SyscallRun& run, std::chrono::seconds pause, const std::string& command) {
    expect_exit(run.run, "running " + command);
    Card card{
        .expected = fmt::format("Lines ADDRESS TOTAL: the first at once, each other after {} s of sleep.",
                                pause.count()),
        .observed = "",
        .evidence = fmt::format("$ {}\n{}", command, excerpt(run.run.out)),
        .why =
            "The pause leaves you time to look at the process in another terminal. A line that is not "
            "flushed stays in a buffer and comes too late, or never if the kernel kills the process first.",
        .next = build_oom + "strace -e trace=write,clock_nanosleep,nanosleep " + command};
    std::size_t told = 0;
    for (const evidence::PacedLine& line : run.paced_lines()) {
        if (!progress(line.text)) {
            continue;
        }
        const std::chrono::seconds due = told == 0 ? 0s : pause;
        ++told;
        if (!is_pause(line.slept_before, due)) {
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
    expect_pause(paced_by_default.get(), 2s, "./oom --limit 4194304 --no-touch");
    expect_pause(paced_otherwise.get(), 7s, "./oom --chunk 300000 --limit 4800000 --no-touch --pause 7");

    const std::string command = "./oom --limit 2097152 --no-touch --pause 1";
    const process::Run& run = untraced.get();
    expect_exit(run, "running " + command);
    if (run.elapsed < 1s) {
        fail(
            {.expected = "The same pauses whether strace watches or not.",
             .observed = fmt::format("With nobody watching, two lines and the pause of 1 s between them took "
                                     "{:.3f} s.",
                                     run.elapsed.count()),
             .evidence = fmt::format("$ {}\n{}", command, excerpt(run.out)),
             .why = "The pause leaves you time to look at the process in another terminal.",
             .next = build_oom + "time " + command});
    }
}

void expect_stop(std::uint64_t chunk, std::uint64_t limit) {
    const Arguments arguments{
        "--chunk", std::to_string(chunk), "--limit", std::to_string(limit), "--no-touch", "--pause", "0"};
    const std::string command = fmt::format("./oom {}", fmt::join(arguments, " "));
    const process::Run run = lab().native(lab().program("oom"), with<NativeOptions>(arguments));
    expect_exit(run, "running " + command);
    const std::optional<std::uint64_t> total = bytes_after("reached", last_line(run.out));
    if (run.succeeded() && total && may_reach(*total, limit, chunk) && run.out.ends_with('\n')) {
        return;
    }
    fail({.expected = fmt::format("The last line \"reached TOTAL bytes\", TOTAL {} {}, and exit status 0.",
                                  limit % chunk == 0 ? "being" : "less than one chunk away from", limit),
          .observed = fmt::format("\"{}\"{} and {}.", excerpt(last_line(run.out), 1),
                                  run.out.empty() || run.out.ends_with('\n') ? "" : " without a newline",
                                  run.describe()),
          .evidence = fmt::format("$ {}\n{}", command, excerpt(run.out)),
          .why = "A limit makes the experiment safe and repeatable. One block too many or too few is the "
                 "classic off-by-one of a loop.",
          .next = build_oom + command});
}

TEST(Oom, StopsAtTheLimit) {
    expect_stop(mebibyte, 3 * mebibyte);
    expect_stop(2'500'000, 6'000'000);
    expect_stop(1000, 1000);
}

/// The same with nobody tracing it, and with a limit that it cannot know. It touches nothing: only address
/// space can run out, and only that of blocks that there really are.
void expect_null_untraced() {
    const auto& [space, run] = with_little_space_untraced.get();
    const std::string command =
        fmt::format("bash -c 'ulimit -v {}; ./oom --limit 1073741824 --no-touch --pause 0'", space / 1024);
    expect_exit(run, "running " + command);
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
          .evidence = fmt::format("$ {}\n{}", command, excerpt(run.out, 4)),
          .why = "A block that malloc returned takes up addresses, touched or not, and they are limited here "
                 "(ulimit -v). A program that goes on beyond the limit has no such blocks.",
          .next = build_oom + command});
}

TEST(Oom, ReportsNullFromMalloc) {
    const evidence::SyscallRun& run = with_little_address_space.get();
    const std::string command = "bash -c 'ulimit -v 131072; ./oom --limit 1073741824 --pause 0'";
    expect_exit(run.run, "running " + command);
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
        return;
    }
    fail({.expected = "The last line \"malloc returned NULL after TOTAL bytes\", TOTAL as on the line before "
                      "it; exit status 3.",
          .observed = fmt::format("\"{}\" and {}.", excerpt(last_line(run.run.out), 1), run.run.describe()),
          .evidence = refused == mappings.end()
                          ? "strace saw no mmap that was refused: the program did not get that far"
                          : refused->row,
          .why =
              "The kernel refuses address space here (ulimit -v), however much memory is free, and malloc "
              "can only pass that on. A program that does not look at the pointer writes to address 0 next.",
          .next = build_oom + command});
}

TEST(Oom, RefusesBadUsage) {
    for (const Arguments& wrong :
         {Arguments{"--bogus"}, Arguments{"--chunk"}, Arguments{"--chunk", "700001x"}, Arguments{"extra"},
          Arguments{"--pause", "x"}, Arguments{"--chunk", "99999999999999999999"},
          Arguments{"--limit", "1048576x"}, Arguments{"--limit", "none"}}) {
        // A program that takes them ends soon all the same: at the limit, or when malloc returns NULL.
        Arguments arguments{"--limit", "1048576", "--pause", "0"};
        arguments.insert(arguments.end(), wrong.begin(), wrong.end());
        auto options = with<NativeOptions>(arguments);
        options.limits.data_bytes = 256 * mebibyte;
        const process::Run run = lab().native(lab().program("oom"), options);
        if (run.status.exited_with(2) && run.out.empty() && !run.err.empty()) {
            continue;
        }
        const std::string command = fmt::format("./oom {}", fmt::join(arguments, " "));
        expect_exit(run, "running " + command);
        fail({.expected = "A message on stderr, nothing on stdout, exit status 2.",
              .observed = fmt::format("stderr \"{}\", stdout \"{}\", {}", excerpt(run.err, 2),
                                      excerpt(run.out, 2), run.describe()),
              .evidence = "$ " + command,
              .why = "A program that takes a typing error for something else makes another experiment than "
                     "the one that was asked for.",
              .next = build_oom + command + "; echo $?"});
    }
}

}  // namespace
