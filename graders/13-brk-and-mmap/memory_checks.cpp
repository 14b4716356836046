// Grader of activity 13: what becomes of alloc_size's blocks.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "runs.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/memory_errors.hpp"

namespace {

using namespace alloc_size;

/// std::make_shared and the like put their counts beside the block.
constexpr std::uint64_t most_extra_bytes = 64;

bool is_of_size(std::uint64_t bytes, std::uint64_t wanted) {
    return bytes >= wanted && bytes <= wanted + most_extra_bytes;
}

std::size_t wanted_blocks() {
    return counted_blocks.count * counted_blocks.rounds;
}

/// Blocks of the size asked for, as Memcheck's trace and the count without it tell.
void expect_blocks() {
    const MemcheckRun& watched = in_memcheck.get();
    const Experiment experiment = counted_blocks.experiment();
    const auto blocks = watched.trace.blocks();
    const auto seen =
        static_cast<std::size_t>(std::count_if(blocks.begin(), blocks.end(), [](const auto& block) {
            return is_of_size(block.size, counted_blocks.size);
        }));
    const auto& native = counted.get().blocks;
    const auto counted_there = static_cast<std::size_t>(
        std::count_if(native.blocks.begin(), native.blocks.end(),
                      [](const auto& block) { return is_of_size(block.size, counted_blocks.size); }));
    const std::size_t fewer = std::min(seen, counted_there);
    if (fewer >= wanted_blocks()) {
        return;
    }
    fail_run(watched.run, experiment.doing("under Memcheck"),
             {.expected = fmt::format("{} blocks of {} bytes: {} in each of {} rounds", wanted_blocks(),
                                      grouped(static_cast<std::int64_t>(counted_blocks.size)),
                                      counted_blocks.count, counted_blocks.rounds),
              .observed = fmt::format("{} such blocks under Memcheck, {} without it", seen, counted_there),
              .evidence = fmt::format("the calls of malloc and its like in {}", experiment.command()),
              .next = build_and("alloc_size",
                                experiment.under("valgrind -q --trace-malloc=yes") + " 2>&1 | grep malloc")});
}

TEST(AllocSize, AsksForTheSize) {
    expect_blocks();
}

TEST(AllocSize, FreesEveryBlock) {
    expect_blocks();
    const MemcheckRun& watched = in_memcheck.get();
    const Experiment experiment = counted_blocks.experiment();
    const std::string next = build_and("alloc_size", experiment.under("valgrind --leak-check=full"));
    if (auto card =
            grading::first_memory_error({{.when = {}, .run = watched, .next = next}}, "alloc_size.cpp")) {
        fail(std::move(*card));
    }
    grading::expect_exit(watched.run, experiment.doing("under Memcheck"));
    if (!watched.report.leaks.empty()) {
        std::uint64_t bytes = 0;
        std::uint64_t blocks = 0;
        for (const evidence::Leak& leak : watched.report.leaks) {
            bytes += leak.bytes;
            blocks += leak.blocks;
        }
        // What is lost by itself says more than what it pointed to.
        const evidence::Leak& leak =
            *std::ranges::min_element(watched.report.leaks, {}, &evidence::Leak::kind);
        const evidence::Frame* place = leak.at("alloc_size.cpp");
        fail({.expected = "at the end every block has been freed",
              .observed = fmt::format("{} bytes in {} block(s) have not",
                                      grouped(static_cast<std::int64_t>(bytes)), blocks),
              .evidence =
                  fmt::format("Memcheck: {} bytes in {} block(s) are {}{}", leak.bytes, leak.blocks,
                              evidence::name_of(leak.kind),
                              place != nullptr ? fmt::format(", allocated at alloc_size.cpp:{}", place->line)
                                               : std::string()),
              .next = next});
    }
    for (const auto& [size, number] : counted.get().blocks.never_freed()) {
        if (is_of_size(size, counted_blocks.size)) {
            fail({.expected = "every block freed, without Valgrind too",
                  .observed = fmt::format("{} block(s) of {} bytes have not been", number, size),
                  .evidence = fmt::format("counted in {}, without Valgrind", experiment.command()),
                  .next = next});
        }
    }
}

/// Its lines are judged elsewhere: without them nothing can be said of what happened between them.
const Round& first_round(const Watched& watched) {
    if (watched.lines.rounds.size() == watched.blocks.rounds) {
        return watched.lines.rounds.front();
    }
    fail_run(watched.run.run, watched.experiment.doing("under strace"),
             {.expected = "the lines that README.md asks for: what happens between them is judged here",
              .observed = watched.lines.flaw.value_or("no line"),
              .evidence = fmt::format("$ {}\n{}", watched.experiment.command(), shown(watched.run.run.out)),
              .next = build_and("alloc_size", watched.experiment.command())});
}

/// All that is asked for has to be there before anything can be given back.
void expect_held(const Watched& watched, const Round& round) {
    const std::uint64_t held = watched.space.held_after(round.allocated_at);
    const std::uint64_t wanted = watched.blocks.size * watched.blocks.count;
    if (held >= wanted) {
        return;
    }
    fail({.expected =
              fmt::format("at the line \"allocated\" the program holds at least {} KiB", wanted / kibibyte),
          .observed = fmt::format("{} KiB", held / kibibyte),
          .evidence = fmt::format("strace of {}: the heap and the anonymous mappings then",
                                  watched.experiment.command()),
          .next = under_strace(watched.experiment)});
}

TEST(AllocSize, GivesMappingsBack) {
    const Watched& watched = mapped.get();
    const Round& round = first_round(watched);
    expect_held(watched, round);
    const auto left =
        std::count_if(round.addresses.begin(), round.addresses.end(), [&](std::uint64_t address) {
            return watched.space.area_at(round.freed_at, address) == evidence::Area::anonymous_mapping;
        });
    if (left > 0) {
        fail({.expected = "at the line \"freed\" the kernel has every block's mapping back",
              .observed = fmt::format("{} of {} blocks are still mapped", left, round.addresses.size()),
              .evidence =
                  fmt::format("strace of {}: no munmap covers them between \"allocated\" and \"freed\"",
                              watched.experiment.command()),
              .next = under_strace(watched.experiment)});
    }
}

/// What is held then, but for mappings that began as addresses without any right (PROT_NONE): stacks of
/// threads and what malloc reserves for threads, in steps of 64 MiB.
std::uint64_t usable_after(const Watched& watched, std::size_t position) {
    std::uint64_t bytes = 0;
    for (const evidence::Region& region : watched.space.regions_after(position)) {
        const bool is_memory =
            region.area == evidence::Area::heap || region.area == evidence::Area::anonymous_mapping;
        const evidence::SystemCall& made_by = watched.run.calls.at(region.asked_at);
        const bool reserved =
            made_by.name == "mmap" && made_by.arguments.size() > 2 && made_by.arguments[2] == "PROT_NONE";
        bytes += is_memory && !reserved ? region.bytes() : 0;
    }
    return bytes;
}

TEST(AllocSize, NeedsNoMoreInLaterRounds) {
    for (Shared<Watched>* shared : {&small_rounds, &large_rounds}) {
        const Watched& watched = shared->get();
        const Round& first = first_round(watched);
        expect_held(watched, first);
        const std::uint64_t before = usable_after(watched, first.allocated_at);
        const Round& last = watched.lines.rounds.back();
        const std::uint64_t after = usable_after(watched, last.allocated_at);
        // Where malloc puts a block may change from round to round; how many there are does not.
        if (after <= before + before / 10 + 300 * kibibyte) {
            continue;
        }
        fail({.expected =
                  fmt::format("about as much memory in round {} as in round 1: freed blocks are used again",
                              watched.blocks.rounds),
              .observed = fmt::format("{} KiB in round 1, {} KiB in round {}", before / kibibyte,
                                      after / kibibyte, watched.blocks.rounds),
              .evidence = fmt::format("strace of {}: heap and anonymous mappings at each \"allocated\"",
                                      watched.experiment.command()),
              .next = under_strace(watched.experiment)});
    }
}

}  // namespace
