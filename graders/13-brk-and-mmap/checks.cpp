// Grader of activity 13: brk or mmap?
//
// alloc_size is judged by strace (what the kernel was asked for, and what it got back, between which lines),
// by Memcheck's trace of the blocks, and by a run in which they are counted without it. threshold is compared
// with the grader's own search, under limits that are drawn anew in each grading; answers.toml with live
// runs.
//
// Here stand the checks on what alloc_size prints; memory_checks.cpp, threshold_checks.cpp and
// answers_checks.cpp hold the others.

#include <fmt/format.h>

#include <string>
#include <vector>

#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace alloc_size;

constexpr const char* name = "alloc_size";

void expect_lines(const process::Run& run, const Rounds& lines, const Blocks& blocks) {
    const Experiment experiment = blocks.experiment();
    if (lines.flaw || run.out.empty() || run.out.back() != '\n') {
        fail_run(
            run, experiment.doing(),
            {.expected = fmt::format("in each of {} round(s): {} lines with an address, then \"allocated\", "
                                     "then \"freed\"; nothing else on stdout",
                                     blocks.rounds, blocks.count),
             .observed = lines.flaw.value_or("the last line has no newline"),
             .evidence = fmt::format("$ {}\n{}", experiment.command(), shown(run.out)),
             .next = build_and(name, experiment.command())});
    }
    grading::expect_exit_status(run, 0, experiment.doing());
}

TEST(AllocSize, PrintsEachAddressThenTwoWords) {
    const Watched& once = mapped.get();
    expect_lines(once.run.run, once.lines, once.blocks);
    const process::Run& native = counted.get().run;
    expect_lines(native, rounds_of(native.out, counted_blocks.count, counted_blocks.rounds), counted_blocks);
}

TEST(AllocSize, BlocksLieWhereTheKernelGaveMemory) {
    for (Shared<Watched>* shared : {&mapped, &small_rounds}) {
        const Watched& watched = shared->get();
        expect_lines(watched.run.run, watched.lines, watched.blocks);
        for (const Round& round : watched.lines.rounds) {
            for (const std::uint64_t address : round.addresses) {
                const evidence::Area area = watched.space.area_at(round.allocated_at, address);
                if (area == evidence::Area::heap || area == evidence::Area::anonymous_mapping) {
                    continue;
                }
                fail({.expected =
                          "each address lies in memory that brk or mmap gave to the program, and that it "
                          "still has when it prints \"allocated\"",
                      .observed = fmt::format("{:#x} lies in none", address),
                      .evidence = fmt::format("strace of {}: no brk or anonymous mmap covers it then",
                                              watched.experiment.command()),
                      .next = under_strace(watched.experiment)});
            }
        }
    }
}

TEST(AllocSize, HoldsAllBlocksAtOnce) {
    for (Shared<Watched>* shared : {&mapped, &small_rounds}) {
        const Watched& watched = shared->get();
        expect_lines(watched.run.run, watched.lines, watched.blocks);
        for (const Round& round : watched.lines.rounds) {
            const std::size_t overlapping = round.overlapping(watched.blocks.size);
            if (overlapping == 0) {
                continue;
            }
            fail({.expected = fmt::format("{} blocks of {} bytes, none of which lies in another",
                                          watched.blocks.count, watched.blocks.size),
                  .observed = fmt::format("{} of them begin less than {} bytes above another", overlapping,
                                          watched.blocks.size),
                  .evidence =
                      fmt::format("$ {}\n{}", watched.experiment.command(), shown(watched.run.run.out)),
                  .next = build_and(name, watched.experiment.command() + " | sort")});
        }
    }
}

struct Shortage {
    Experiment experiment;
    process::Run run;
};

/// 30 MiB of memory of its own: not enough for what it is asked to hold.
Shortage starve(Lab& lab, const Blocks& blocks) {
    Experiment experiment = blocks.experiment();
    experiment.limits.data_bytes = 30 * mebibyte;
    return {experiment, experiment.native(lab)};
}

Shared<Shortage> no_room_for_mappings{[](Lab& lab) { return starve(lab, {.size = mebibyte, .count = 100}); }};
Shared<Shortage> no_room_in_the_heap{[](Lab& lab) { return starve(lab, {.size = 40'000, .count = 1000}); }};

TEST(AllocSize, ReportsThatMallocFailed) {
    for (Shared<Shortage>* shared : {&no_room_for_mappings, &no_room_in_the_heap}) {
        const Shortage& shortage = shared->get();
        const process::Run& run = shortage.run;
        const bool went_on = run.out.find("allocated") != std::string::npos;
        const bool reported = grading::begins_with_name(run.err, name);
        if (run.status.exited_with(1) && reported && !went_on) {
            continue;
        }
        std::string observed = run.describe();
        if (!reported) {
            observed += "; no message on stderr that begins with the program's name";
        }
        if (went_on) {
            observed += "; it printed \"allocated\"";
        }
        const Card card{
            .expected =
                "where malloc returns NULL: a message on stderr that begins with "
                "\"alloc_size\", no line \"allocated\", exit status 1",
            .observed = observed,
            .evidence = fmt::format("$ {}   (with 30 MiB of memory of its own)\nstderr: {}",
                                    shortage.experiment.command(), shown(run.err, 2)),
            .next = build_and(name, fmt::format("(ulimit -d 30720; {})", shortage.experiment.command())) +
                    "; echo \"exit status $?\""};
        if (run.status.signal && run.ending == process::Ending::finished) {
            fail(card, grading::Reason::crashed);
        }
        fail_run(run, shortage.experiment.doing("without enough memory"), card);
    }
}

Shared<std::vector<Shortage>> bad_usage{[](Lab& lab) {
    std::vector<Shortage> runs;
    const std::vector<std::vector<std::string>> wrong = {
        {},          {"100"},           {"100", "0"},          {"0", "5"}, {"100", "x"}, {"100", "5x"},
        {"-1", "5"}, {"100", "5", "0"}, {"100", "5", "2", "1"}};
    for (const auto& arguments : wrong) {
        Experiment experiment{.program = "alloc_size", .arguments = arguments};
        experiment.limits.data_bytes = 512 * mebibyte;
        experiment.limits.output_bytes = 64 * kibibyte;
        runs.push_back({experiment, experiment.native(lab)});
    }
    return runs;
}};

TEST(AllocSize, RefusesBadUsage) {
    for (const auto& [experiment, run] : bad_usage.get()) {
        if (run.status.exited_with(2) && run.out.empty() && !run.err.empty()) {
            continue;
        }
        fail({.expected = "a message on stderr, nothing on stdout, exit status 2",
              .observed = run.describe() + (run.err.empty() ? "; nothing on stderr" : ""),
              .evidence = fmt::format("$ {}\nstdout: {}", experiment.command(), shown(run.out, 2)),
              .next = build_and(name, experiment.command()) + "; echo \"exit status $?\""});
    }
}

}  // namespace
