#pragma once

// The student's program: how it is run for evidence, each run made once and shared by the checks that need
// it, and what several checks ask of it first.

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "questions.hpp"
#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace leaks {

using namespace vmlab;
using grading::Card;
using grading::excerpt;
using grading::fail;
using grading::lab;
using grading::Shared;

inline MemcheckRun watch_mended(Lab& lab) {
    MemcheckRun run = lab.memcheck(lab.program("leaks"));
    grading::expect_exit(run.run, "running leaks under Memcheck");
    return run;
}

/// `plain_new_too`: plain new gives NULL as well, which a real one never does.
inline process::Run run_without_memory(Lab& lab, std::size_t allocations_that_work, bool plain_new_too) {
    grading::NativeOptions options;
    options.preload = grading::Preload::malloc_fails;
    options.malloc_calls_that_work = static_cast<int>(allocations_that_work);
    if (plain_new_too) {
        options.environment["VMLAB_PLAIN_NEW_GIVES_NULL"] = "1";
    }
    return lab.native(lab.program("leaks"), options);
}

/// Whatever is written into a block is gone before it can be read. A list then may have no end.
inline process::Run run_with_blocks_that_forget(Lab& lab) {
    grading::NativeOptions options;
    options.preload = grading::Preload::blocks_forget;
    options.limits.wall = std::chrono::seconds(5);
    options.limits.output_bytes = 64U << 10U;
    return lab.native(lab.program("leaks"), options);
}

inline process::Run run_with_blocks_counted(Lab& lab) {
    grading::NativeOptions options;
    options.preload = grading::Preload::counts_blocks;
    return lab.native(lab.program("leaks"), options);
}

// Each run is made once and shared by the checks that need it.
inline Shared<MemcheckRun> mended{watch_mended};
inline Shared<process::Run> counted{run_with_blocks_counted};
inline Shared<process::Run> plain{[](Lab& lab) { return lab.native(lab.program("leaks")); }};

/// The blocks that the activity is about, measured on the starter.
inline Sizes wanted() {
    return never_freed(starter.get().trace);
}

/// How the program gave away that its report does not come out of its blocks; nothing when it did not.
inline std::optional<Card> find_report_of_constants(Lab& lab) {
    const std::string& report = starter.get().run.out;
    Card card{.expected = {},
              .observed = {},
              .evidence = excerpt(report),
              .why =
                  "The report is worked out from what stands in the blocks. A program that prints it "
                  "without them prints constants, and its blocks are only for show.",
              .next = "read leaks.cpp: does each number that is printed come out of a block?"};
    const auto gives_away = [&](const process::Run& run, std::string expected) {
        card.expected = std::move(expected);
        card.observed = "the complete report, as if nothing had happened; " + run.describe();
        return run.out == report;
    };
    const std::size_t half = number_of_blocks(wanted()) / 2;
    if (gives_away(run_without_memory(lab, 0, true), "no complete report when every allocation fails") ||
        gives_away(run_without_memory(lab, half, true),
                   fmt::format("no complete report when only {} allocations work", half)) ||
        gives_away(
            run_with_blocks_that_forget(lab),
            "another report, or none, when every block reads as zeros, whatever was written into it")) {
        return card;
    }
    return std::nullopt;
}
inline Shared<std::optional<Card>> report_of_constants{find_report_of_constants};

/// The positive witness: the program allocated all of those blocks. Otherwise the check ends with this card,
/// the text of which says why the check cares.
inline void expect_every_block_allocated(std::string why) {
    const evidence::AllocationTrace& trace = mended.get().trace;
    const auto size = size_with_too_few(wanted(), trace);
    if (!size) {
        return;
    }
    const auto found = trace.blocks_of_size(*size);
    fail({.expected =
              fmt::format("blocks of {} bytes: {}, as in the original program", *size, wanted().at(*size)),
          .observed = fmt::format("blocks of {} bytes: {}", *size, found.size()),
          .evidence = found.empty() ? fmt::format("no row like malloc({}) in the allocation trace", *size)
                                    : "the last of them: " + trace.calls[found.back().allocated_at].row,
          .why = std::move(why),
          .next = show_trace});
}

inline void expect_something_to_judge() {
    expect_every_block_allocated(
        "Without these blocks nothing can be said here: see StillAllocatesEveryBlock.");
}

}  // namespace leaks
