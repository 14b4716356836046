// Grader of activity 3: which pages of its blocks oom writes to.
//
// An allocator of ours is preloaded, natively: each block is pages of its own that begin with the block, and
// its first write to each page shows in /proc/PID/maps, which is read from outside while oom sleeps. So every
// page counts alone, the last one of a block too, reading is no writing, and nothing is malloc's. An arena
// without that allocator, and Memcheck, which sees writes behind the end of a block, are the other witnesses.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oom_evidence.hpp"
#include "oom_output.hpp"
#include "vmlab/evidence/memory_use.hpp"
#include "vmlab/evidence/shown_blocks.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace vmlab;
using namespace vmlab::grading;
using namespace oom_evidence;
using namespace oom_output;

/// One run of oom whose blocks show what was written to.
struct Shown {
    bool touch = false;
    std::uint64_t chunk = 0;
    std::uint64_t limit = 0;  ///< 0: none
    Experiment experiment;
    Asleep asleep;
};

Shown show(Lab& lab, bool touch, std::uint64_t chunk, std::uint64_t limit = 0) {
    Shown result{.touch = touch, .chunk = chunk, .limit = limit, .experiment = {}, .asleep = {}};
    result.experiment =
        oom({touch ? "--touch" : "--no-touch", "--chunk", std::to_string(chunk), "--pause", "600"});
    NativeOptions how;
    how.preload = Preload::shows_writes;
    how.shown_sizes = {chunk};
    if (limit > 0) {
        result.experiment.arguments.insert(result.experiment.arguments.end(),
                                           {"--limit", std::to_string(limit)});
        how.shown_sizes.push_back(limit % chunk);
    }
    result.asleep = asleep_after_a_line(lab, result.experiment, std::move(how));
    return result;
}

/// Each ends with the first line. The chunks: whole pages; a fraction of a page; more than a page, and no
/// whole number of them; and a last block that many programs cut to fit the limit.
Shared<Shown> touched_pages{[](Lab& lab) { return show(lab, true, std::uint64_t{64} * 4096 * 2); }};
Shared<Shown> touched_small{[](Lab& lab) { return show(lab, true, drawn(600, 4000)); }};
Shared<Shown> touched_odd{[](Lab& lab) { return show(lab, true, 4096 * drawn(2, 30) + drawn(1, 900)); }};
Shared<Shown> touched_cut{[](Lab& lab) { return show(lab, true, 400'003, 1'150'000); }};
Shared<Shown> untouched_odd{[](Lab& lab) { return show(lab, false, 4096 * drawn(2, 30) + drawn(1, 900)); }};
Shared<Shown> untouched_small{[](Lab& lab) { return show(lab, false, drawn(600, 4000)); }};
Shared<Shown> untouched_cut{[](Lab& lab) { return show(lab, false, 400'003, 1'150'000); }};

/// The same once without that allocator, as the kernel sees it (/proc/PID/pagemap): whether a program behaves
/// when it finds the allocator in its address space, and otherwise not.
struct Plain {
    Asleep asleep;
    std::optional<Progress> line;
    std::vector<bool> pages;  ///< those that lie in the block as a whole; empty: not to be seen
};

const Experiment touched_plainly = oom({"--touch", "--chunk", "1048576", "--pause", "600"});
Shared<Plain> touched_plain{[](Lab& lab) {
    Plain plain;
    Experiment experiment = touched_plainly;
    experiment.limits.wall = std::chrono::seconds(10);
    const auto is_time = [&plain](std::string_view out) {
        const std::size_t end = out.find('\n');
        plain.line = progress(out.substr(0, end));
        return end != std::string_view::npos;
    };
    const auto look = [&plain](pid_t pid) {
        const std::uint64_t address = plain.line.value_or(Progress{}).address;
        const std::uint64_t first = (address + 4095) / 4096 * 4096;
        const std::uint64_t end = (address + mebibyte) / 4096 * 4096;
        plain.pages = evidence::pages_that_exist(pid, first, end - first).value_or(std::vector<bool>());
    };
    plain.asleep = experiment.asleep(lab, is_time, {}, look);
    return plain;
}};

void expect_touched_plainly() {
    const Plain& plain = touched_plain.get();
    const auto missing = std::find(plain.pages.begin(), plain.pages.end(), false);
    if (missing == plain.pages.end() && plain.line && plain.asleep.slept()) {
        return;
    }
    std::string observed = "No such line and no sleep after it; " + plain.asleep.run.describe();
    if (missing != plain.pages.end()) {
        observed =
            fmt::format("{} of {} pages in the middle of the block; the first one left out is page {}.",
                        std::count(plain.pages.begin(), plain.pages.end(), true), plain.pages.size(),
                        missing - plain.pages.begin() + 1);
    }
    fail({.expected =
              "Without the grader's allocator, too: a line \"ADDRESS TOTAL\", and every page of that block "
              "in memory.",
          .observed = observed,
          .evidence = fmt::format("$ {}\n{}\n/proc/PID/pagemap, read while it slept after that line",
                                  touched_plainly.command(), shown(plain.asleep.run.out, 2)),
          .next = build_and_run(touched_plainly) + " & sleep 1; grep -E 'VmSize|RssAnon' /proc/$!/status"});
}

/// Writes behind the end: of blocks of whole pages, and of some that are smaller than any word.
const Experiment touched_mebibytes =
    oom({"--touch", "--chunk", "1048576", "--limit", "33554432", "--pause", "0"});
const Experiment touched_crumbs = oom({"--touch", "--chunk", "3", "--limit", "300", "--pause", "0"});
Shared<evidence::MemcheckRun> mebibytes_traced{[](Lab& lab) { return touched_mebibytes.memcheck(lab); }};
Shared<evidence::MemcheckRun> crumbs_traced{[](Lab& lab) { return touched_crumbs.memcheck(lab); }};

const std::string pages_of_a_block =
    "A page has sysconf(_SC_PAGESIZE) bytes, and a block of SIZE bytes that begins with a page lies in "
    "SIZE / PAGE of them, rounded up. One written byte makes the kernel find a page frame for the whole page.";

/// The card on one page of one block.
Card card_on(const Shown& run, const evidence::ShownBlock& block, std::size_t number, std::size_t page) {
    const std::size_t written = block.pages_written();
    const std::uint64_t from = block.address + page * 4096;
    Card card{
        .expected = fmt::format("{}: each block of {} bytes lies in {} pages, and {} of them is "
                                "written to.",
                                run.touch ? "--touch" : "--no-touch", run.chunk, block.written.size(),
                                run.touch ? "every one" : "none"),
        .observed =
            fmt::format("Of block {}, {} of {} pages had been written to; {} page {}.", number, written,
                        block.written.size(),
                        run.touch ? "the first one left out is" : "the first one written to is", page + 1),
        .evidence = fmt::format("$ {}\n/proc/PID/maps, read while it slept after its first line:\n"
                                "{:x}-{:x} {}, in the block at {:#x}",
                                run.experiment.command(), from, from + 4096,
                                run.touch ? "r--p: never written to" : "rw-p: written to", block.address),
        .why = pages_of_a_block,
        .next = build_and_run(run.experiment) + " & sleep 1; grep -E 'VmSize|RssAnon' /proc/$!/status"};
    if (!run.touch) {
        card.why =
            "Not a single byte: a pointer, a mark or a zero in the block takes a page frame too. What the "
            "program wants to remember of its blocks belongs into memory of its own.";
    }
    return card;
}

/// A program that stops before its limit has no line here, and no last block to look at.
bool stopped_before_the_limit(const Shown& run) {
    const auto total = bytes_after("reached", last_line(run.asleep.run.out));
    return run.limit > 0 && total && *total < mebibyte && may_reach(*total, run.limit, run.chunk) &&
           run.asleep.run.succeeded();
}

void expect_shown(const Shown& run) {
    if (stopped_before_the_limit(run)) {
        return;
    }
    const std::vector<std::string> lines = lines_of(run.asleep.run.out);
    const auto line = lines.empty() ? std::nullopt : progress(lines.front());
    if (!line || !run.asleep.slept()) {
        Card card{.expected =
                      "A line \"ADDRESS TOTAL\", and then a sleep, in which the program can be looked at "
                      "from outside.",
                  .observed = fmt::format("\"{}\"; {}.", excerpt(lines.empty() ? "" : lines.front(), 1),
                                          run.asleep.run.describe()),
                  .evidence = fmt::format("$ {}\n{}", run.experiment.command(), shown(run.asleep.run.out, 4)),
                  .why = "A line that is not flushed stays in a buffer while the program sleeps.",
                  .next = build_and_run(run.experiment) + " | cat"};
        if (run.asleep.run.ending == process::Ending::timed_out) {
            fail(card);  // it sleeps, as it was told to: only the line is missing
        }
        fail_run(run.asleep.run, run.experiment.doing(), card);
    }
    if (run.asleep.mappings.empty()) {
        cannot_judge("this machine does not show the grader /proc/PID/maps of the programs that it runs",
                     "grade as the user who owns the sandbox, or as root");
    }
    const auto blocks = evidence::shown_blocks(run.asleep.mappings, line->address);
    if (blocks.size() < line->total / run.chunk) {
        fail({.expected = fmt::format("Blocks of {} bytes from malloc, {} of them up to the first line, the "
                                      "newest of them at the address on that line.",
                                      run.chunk, line->total / run.chunk),
              .observed = fmt::format("{} such blocks; the line is \"{}\".", blocks.size(), line->text()),
              .evidence = fmt::format("$ {}\n/proc/PID/maps, read while it slept after its first line",
                                      run.experiment.command()),
              .why = "Without these blocks nothing tells which pages of them were written to.",
              .next = build_and_run(run.experiment)});
    }
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const std::vector<bool>& written = blocks[i].written;
        const auto other = std::find(written.begin(), written.end(), !run.touch);
        if (other != written.end()) {
            fail(card_on(run, blocks[i], i + 1, static_cast<std::size_t>(other - written.begin())));
        }
    }
}

/// What an arena too small for `limit` bytes makes of it: all touched, the program is killed; untouched, it
/// reaches the limit.
void expect_in_arena(bool touch, const std::string& chunk) {
    constexpr std::uint64_t limit = 32 * mebibyte;
    const std::uint64_t memory = (touch ? 31 : 16) * mebibyte;
    const Experiment experiment = oom({touch ? "--touch" : "--no-touch", "--chunk", chunk, "--limit",
                                       std::to_string(limit), "--pause", "0"});
    const arena::Outcome outcome = in_arena(lab(), memory, experiment);
    const arena::ContestantResult& oom = outcome.contestants.front();
    if (!oom.oom_killed) {
        expect_exit(oom.run, experiment.doing());
    }
    const bool reached = bytes_after("reached", last_line(oom.run.out)).value_or(0) >= limit;
    if (touch ? oom.oom_killed : !oom.oom_killed && reached) {
        return;
    }
    const std::uint64_t mib = memory / mebibyte;
    fail({.expected =
              touch ? fmt::format(
                          "32 MiB do not fit into an arena of {} MiB once every page of them is written to.",
                          mib)
                    : fmt::format("32 MiB that nobody writes to fit into an arena of {} MiB.", mib),
          .observed = fmt::format("\"{}\" and {}; OOM kills: {}.", excerpt(last_line(oom.run.out), 1),
                                  oom.run.describe(), outcome.oom_kills),
          .evidence = fmt::format(
              "$ {}\npeak of memory that the kernel charged to it: {} bytes", experiment.command(),
              outcome.peak_bytes ? std::to_string(*outcome.peak_bytes) : "(not told by this kernel)"),
          .next = in_the_lab(experiment, memory)});
}

TEST(Oom, TouchesEveryPageOrNone) {
    expect_memory_respected(odd, traced.get());
    expect_memory_respected(touched_mebibytes, mebibytes_traced.get());
    expect_memory_respected(touched_crumbs, crumbs_traced.get());
    for (Shared<Shown>* each : {&touched_pages, &touched_small, &touched_odd, &touched_cut, &untouched_odd,
                                &untouched_small, &untouched_cut}) {
        expect_shown(each->get());
    }
    expect_touched_plainly();
    expect_in_arena(true, "1048576");
    expect_in_arena(true, "6000");
    expect_in_arena(false, "1048576");
}

}  // namespace
