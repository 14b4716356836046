// Grader of activity 2, part 2: the mended program, judged by Memcheck.
//
//   - it still allocates what the starter allocates and loses: without that, "no leaks" says nothing;
//   - neither those blocks nor others are left at the end;
//   - nothing is freed that is not allocated, and nothing used that is free.
//
// Memcheck has a second witness: a run without it, in which every block is counted. What Memcheck saw counts
// only if it was so there too.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mended.hpp"
#include "questions.hpp"
#include "runs.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/memory_errors.hpp"

namespace {

using namespace leaks;
using evidence::NativeBlocks;

const std::string counted_run = "with every block counted, without Valgrind";

/// The second witness; nothing when the program crashed of a mistake that Memcheck saw too, which other
/// checks tell of. Ends the check when it ended otherwise, or when its blocks could not be counted.
std::optional<NativeBlocks> blocks_without_valgrind() {
    const auto& [run, found] = counted.get();
    const MemcheckRun& watched = mended.get();
    const bool crashed = run.ending == process::Ending::finished && run.status.signal;
    if (crashed && (!watched.report.errors.empty() || run.describe() == watched.run.describe())) {
        return std::nullopt;
    }
    grading::expect_exit(run, experiment.doing(counted_run));
    if (found.heard && !found.overflowed) {
        return found;
    }
    fail({.expected = "blocks that can be counted without Valgrind too",
          .observed = found.overflowed ? "more than a million calls of malloc and free"
                                       : "no block could be counted: malloc was never heard of",
          .evidence = fmt::format("{}; blocks in Memcheck's trace: {}", run.describe(),
                                  watched.trace.blocks().size()),
          .why = "What Memcheck saw counts only if it was so without it too.",
          .next = "README.md, Part 2: where the blocks have to come from"});
}

/// What is measured without Valgrind must be what was measured under it.
[[noreturn]] void fail_without_valgrind(std::string expected, std::string observed) {
    fail({.expected = std::move(expected),
          .observed = std::move(observed),
          .evidence = "the calls of malloc and free, counted in a run without Valgrind; " +
                      counted.get().run.describe(),
          .why =
              "What Memcheck saw counts only if it was so without it too: a program may depend on addresses, "
              "on what it finds around it, or on memory that was never set.",
          .next = "read leaks.cpp: what decides whether a block is allocated, and freed?"});
}

void expect_every_block_without_valgrind() {
    const auto native = blocks_without_valgrind();
    if (!native) {
        return;
    }
    for (const auto& [size, count] : wanted()) {
        if (native->taken(size) < count) {
            fail_without_valgrind(
                fmt::format("blocks of {} bytes: {}, without Valgrind too", size, count),
                fmt::format("blocks of {} bytes: {} without Valgrind, {} under it", size, native->taken(size),
                            mended.get().trace.blocks_of_size(size).size()));
        }
    }
}

/// Blocks that were not heard of may be left, too: so all of them have to be there first.
void expect_as_few_left_without_valgrind() {
    expect_every_block_without_valgrind();
    const auto native = blocks_without_valgrind();
    if (!native) {
        return;
    }
    const Sizes watched = never_freed(mended.get().trace);
    for (const auto& [size, count] : native->never_freed()) {
        // With a malloc of its own, what libraries keep looks as if it were the program's.
        if (count <= blocks_of(watched, size) || (native->own_malloc && !wanted().contains(size))) {
            continue;
        }
        fail_without_valgrind("no more blocks are left without Valgrind than under it",
                              fmt::format("blocks of {} bytes that are never freed: {} without Valgrind, {} "
                                          "under it",
                                          size, count, blocks_of(watched, size)));
    }
}

/// Blocks that nothing comes out of are easy to free: that would be no merit. Ends the check then.
void expect_blocks_in_use() {
    expect_something_to_judge();
    if (const auto& found = constants.get(); found && found->only_for_show) {
        fail({.expected = "blocks that the program works with, and frees after their last use",
              .observed = "its report does not come out of them: see PrintsNoReportWithoutMemory",
              .evidence = found->card.evidence,
              .why = "When to free a block is a question of its last use. Blocks that are only for show have "
                     "none.",
              .next = found->card.next});
    }
}

/// A program that frees nothing makes no mistake in freeing: that would be no merit. Ends the check then.
void expect_some_block_freed() {
    expect_blocks_in_use();
    if (frees_any(wanted(), mended.get().trace)) {
        return;
    }
    fail({.expected = "blocks that are freed, so that it can be seen whether they are freed rightly",
          .observed = "none of the blocks is ever freed",
          .evidence = "no row free(0x...) with the address of one of these blocks in the allocation trace",
          .why =
              "Freeing has mistakes of its own: twice, too early, the wrong address. They can only be looked "
              "for in a program that frees.",
          .next = show_trace()});
}

void expect_none_left(LeakKind kind) {
    expect_blocks_in_use();
    const MemcheckReport& report = mended.get().report;
    const auto left = left_by_the_program(report, kind);
    if (left.empty()) {
        expect_as_few_left_without_valgrind();
        return;
    }
    const Leak& first = left.front();
    std::uint64_t bytes = 0;
    std::uint64_t blocks = 0;
    for (const Leak& leak : left) {
        bytes += leak.bytes;
        blocks += leak.blocks;
    }
    Card card{
        .expected = fmt::format("{}: 0 bytes in 0 blocks", name_of(kind)),
        .observed = fmt::format("{}: {}", name_of(kind), amount(bytes, blocks)),
        .evidence = fmt::format("{}, allocated\n{}", amount(first.bytes, first.blocks),
                                grading::rows_of(first.stack, source_file)),
        .next = show_leaks(),
    };
    if (same_loss(report, starter.get().report, kind)) {
        card.observed = fmt::format("{}: as much as in the original program", name_of(kind));
        card.evidence = fmt::format(
            "blocks allocated (how many is what answers.toml asks for)\n{}",
            grading::rows_of(first.stack, source_file, lines_of(report.leaks_of(LeakKind::definitely_lost))));
    }
    fail(std::move(card));
}

TEST(Leaks, StillAllocatesEveryBlock) {
    expect_every_block_allocated();
    expect_every_block_without_valgrind();
}

TEST(Leaks, LosesNothingDefinitely) {
    expect_none_left(LeakKind::definitely_lost);
}

TEST(Leaks, LosesNothingIndirectly) {
    expect_none_left(LeakKind::indirectly_lost);
}

TEST(Leaks, LosesNothingPossibly) {
    expect_none_left(LeakKind::possibly_lost);
}

TEST(Leaks, LeavesNothingReachable) {
    expect_none_left(LeakKind::still_reachable);
}

TEST(Leaks, FreesEveryBlock) {
    expect_blocks_in_use();
    const evidence::AllocationTrace& trace = mended.get().trace;
    const auto kept = first_kept(wanted(), trace);
    if (!kept) {
        expect_as_few_left_without_valgrind();
        return;
    }
    if (!frees_any(wanted(), trace)) {
        // Of a program that is still the original, the sizes are answers that answers.toml asks for.
        fail(
            {.expected = "each of the eleven blocks is freed",
             .observed = "none of them is",
             .evidence = "no row free(0x...) with the address of one of these blocks in the allocation trace",
             .next = show_trace()});
    }
    const auto same_size = trace.blocks_of_size(kept->size);
    const auto freed =
        std::ranges::count_if(same_size, [](const Block& block) { return block.freed_at.has_value(); });
    fail({.expected = fmt::format("every block of {} bytes is freed", kept->size),
          .observed =
              fmt::format("blocks of {} bytes: {} allocated, {} freed", kept->size, same_size.size(), freed),
          .evidence = fmt::format("{}\nand no free({:#x}) after it", trace.calls[kept->allocated_at].row,
                                  kept->address),
          .next = show_trace()});
}

/// Every way in which the program is run: with all the memory that it wants, and where malloc gives NULL.
std::vector<grading::WatchedRun> watched_runs() {
    std::vector<grading::WatchedRun> runs;
    runs.push_back({"", mended.get(), built_and(experiment.under("valgrind"))});
    for (const auto& [working, run] : starved_and_watched.get()) {
        const std::string when = fmt::format("when malloc returns NULL after {} calls that worked", working);
        runs.push_back({when, run, fmt::format("read leaks.cpp: what does it do {}?", when)});
    }
    return runs;
}

TEST(Leaks, FreesOnlyWhatWasAllocated) {
    expect_some_block_freed();
    if (auto card = grading::first_memory_error(watched_runs(), source_file, true)) {
        fail(std::move(*card));
    }
}

TEST(Leaks, UsesOnlyLiveBlocks) {
    expect_some_block_freed();
    if (auto card = grading::first_memory_error(watched_runs(), source_file, false)) {
        fail(std::move(*card));
    }
}

}  // namespace
