// Grader of activity 2, part 2: the mended program, judged by Memcheck.
//
//   - it still allocates what the starter allocates and loses: without that, "no leaks" says nothing;
//   - neither those blocks nor others are left at the end;
//   - nothing is freed that is not allocated, and nothing used that is free.
//
// Memcheck has a second witness: a run without it, in which the program's own blocks are counted.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "mended.hpp"
#include "questions.hpp"
#include "runs.hpp"
#include "vmlab/evidence/native_blocks.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace leaks;

/// The second witness, where it has something to say. A program that reads no uninitialised memory takes and
/// frees the same blocks whoever watches it.
std::optional<evidence::NativeBlocks> blocks_without_valgrind() {
    if (!counted.get().succeeded() || !mended.get().report.errors.empty()) {
        return std::nullopt;
    }
    auto native = evidence::native_blocks(counted.get().channels.at(grading::block_channel));
    return native.to_the_end ? std::optional(std::move(native)) : std::nullopt;
}

const std::string cannot_be_judged =
    "Points are given for what Memcheck saw. A program that behaves better when it is watched cannot be "
    "judged by that. A person has to look at this submission.";

/// One that takes more under Valgrind found out that it is watched.
void expect_every_block_without_valgrind() {
    const auto native = blocks_without_valgrind();
    const auto size = native ? size_with_more(wanted(), native->taken) : std::nullopt;
    if (!size) {
        return;
    }
    grading::suspect_tampering(
        {.expected = "the same blocks are allocated with Valgrind and without it",
         .observed =
             fmt::format("blocks of {} bytes: {} without Valgrind, {} under it", *size,
                         blocks_of(native->taken, *size), mended.get().trace.blocks_of_size(*size).size()),
         .evidence = fmt::format("the calls of malloc, counted in a run without Valgrind: {} blocks taken",
                                 number_of_blocks(native->taken)),
         .why = cannot_be_judged,
         .next = "read leaks.cpp: what decides whether a block is allocated?"});
}

/// One that frees more under Valgrind did, too.
void expect_as_many_left_without_valgrind() {
    const auto native = blocks_without_valgrind();
    const auto size =
        native ? size_with_more(native->never_freed, never_freed(mended.get().trace)) : std::nullopt;
    if (!size) {
        return;
    }
    grading::suspect_tampering(
        {.expected = "the same blocks are freed with Valgrind and without it",
         .observed =
             fmt::format("blocks of {} bytes that are never freed: {} without Valgrind, {} under it", *size,
                         native->never_freed.at(*size), blocks_of(never_freed(mended.get().trace), *size)),
         .evidence = fmt::format("the program's own calls of malloc and free, counted in a run without "
                                 "Valgrind: {} blocks taken, {} not given back",
                                 native->addresses.size(), number_of_blocks(native->never_freed)),
         .why = cannot_be_judged,
         .next = "read leaks.cpp: what decides whether a block is freed?"});
}

/// Blocks that nothing comes out of are easy to free: that would be no merit. Ends the check then.
void expect_blocks_in_use() {
    expect_something_to_judge();
    if (const auto& card = report_of_constants.get()) {
        fail({.expected = "blocks that the program works with, and frees after their last use",
              .observed = "its report does not come out of them: see PrintsNoReportWithoutMemory",
              .evidence = card->evidence,
              .why = "When to free a block is a question of its last use. Blocks that are only for show have "
                     "none.",
              .next = card->next});
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
          .why = "Freeing has mistakes of its own: twice, too early, the wrong address. They can only be "
                 "looked for in a program that frees.",
          .next = show_trace});
}

void expect_none_left(LeakKind kind, std::string why) {
    expect_blocks_in_use();
    const MemcheckReport& report = mended.get().report;
    const auto left = left_by_the_program(report, kind);
    if (left.empty()) {
        expect_as_many_left_without_valgrind();
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
        .evidence = fmt::format("{}, allocated\n{}", amount(first.bytes, first.blocks), rows_of(first.stack)),
        .why = std::move(why),
        .next = show_leaks,
    };
    if (same_loss(report, starter.get().report, kind)) {
        card.observed = fmt::format("{}: as much as in the original program", name_of(kind));
        card.evidence =
            fmt::format("blocks allocated (how many is what answers.toml asks for)\n{}",
                        rows_of(first.stack, lines_of(report.leaks_of(LeakKind::definitely_lost))));
    }
    fail(std::move(card));
}

TEST(Leaks, StillAllocatesEveryBlock) {
    expect_every_block_allocated(
        "Memory that was never allocated cannot leak. The task is to give blocks back, not to do without "
        "them, so they are looked for before anything is said about leaks.");
    expect_every_block_without_valgrind();
}

TEST(Leaks, LosesNothingDefinitely) {
    expect_none_left(LeakKind::definitely_lost,
                     "No pointer to the block is left, so nothing can ever free it. Some line overwrote the "
                     "last copy of its address, or let it go out of scope: the free() belongs before that.");
}

TEST(Leaks, LosesNothingIndirectly) {
    expect_none_left(LeakKind::indirectly_lost,
                     "The addresses of these blocks stand only in other lost blocks. A list is freed node "
                     "by node, and each node is asked for the next one before it is freed.");
}

TEST(Leaks, LosesNothingPossibly) {
    expect_none_left(LeakKind::possibly_lost,
                     "In the end only an address in the middle of the block was left, and free() does not "
                     "take that: it wants the address that malloc returned.");
}

TEST(Leaks, LeavesNothingReachable) {
    expect_none_left(LeakKind::still_reachable,
                     "Something pointed to the block to the very end, so it could have been freed. Here the "
                     "kernel takes it back with the process; in a program that runs for months, blocks that "
                     "are kept and never used again fill the memory like any other leak.");
}

TEST(Leaks, FreesEveryBlock) {
    expect_blocks_in_use();
    const evidence::AllocationTrace& trace = mended.get().trace;
    const auto kept = first_kept(wanted(), trace);
    if (!kept) {
        expect_as_many_left_without_valgrind();
        return;
    }
    const std::string why =
        "This is the plain count, without any search for pointers: an address that malloc returned and "
        "free() "
        "never gets is memory that the process keeps to its end.";
    if (!frees_any(wanted(), trace)) {
        // Of a program that is still the original, the sizes are answers that answers.toml asks for.
        fail(
            {.expected = "each of the eleven blocks is freed",
             .observed = "none of them is",
             .evidence = "no row free(0x...) with the address of one of these blocks in the allocation trace",
             .why = why,
             .next = show_trace});
    }
    const auto same_size = trace.blocks_of_size(kept->size);
    const auto freed = std::count_if(same_size.begin(), same_size.end(),
                                     [](const Block& block) { return block.freed_at.has_value(); });
    fail({.expected = fmt::format("every block of {} bytes is freed", kept->size),
          .observed =
              fmt::format("blocks of {} bytes: {} allocated, {} freed", kept->size, same_size.size(), freed),
          .evidence = fmt::format("{}\nand no free({:#x}) after it", trace.calls[kept->allocated_at].row,
                                  kept->address),
          .why = why,
          .next = show_trace});
}

TEST(Leaks, FreesOnlyWhatWasAllocated) {
    expect_some_block_freed();
    const MemoryError* error = first_error(mended.get().report, true);
    if (error == nullptr) {
        return;
    }
    const bool mismatched = error->kind == "MismatchedFree";
    fail({.expected = mismatched ? "each block is given back by the partner of the call that allocated it"
                                 : "free() gets each address that malloc returned once, and no other",
          .observed = error->what,
          .evidence = rows_of(error->stack) + "\n" + error->detail,
          .why = mismatched
                     ? "malloc goes with free, new with delete, new[] with delete[]. Each pair may keep "
                       "its books in its own way, and only delete runs a destructor."
                     : "free() looks for malloc's record just in front of the address. In the middle of "
                       "a block there is none, and that of a free block is no longer its own: glibc "
                       "ends the program when it notices, and does damage when it does not.",
          .next = build + " && valgrind ./leaks"});
}

TEST(Leaks, UsesOnlyLiveBlocks) {
    expect_some_block_freed();
    const MemoryError* error = first_error(mended.get().report, false);
    if (error == nullptr) {
        return;
    }
    fail({.expected = "every read and write lies inside a block that is allocated at that moment",
          .observed = error->what,
          .evidence = rows_of(error->stack) + "\n" + error->detail,
          .why = "A freed block belongs to malloc, which writes notes of its own into it and hands it to the "
                 "next caller. Under Memcheck its old contents stay for a while; without it, you read "
                 "something else.",
          .next = build + " && valgrind ./leaks"});
}

}  // namespace
