#pragma once

// The student's program: how it is run for evidence, each run made once and shared by the checks that need
// it, and what several checks ask of it first.

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "questions.hpp"
#include "runs.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/output.hpp"

namespace leaks {

using namespace vmlab;
using grading::Card;
using grading::excerpt;
using grading::fail;
using grading::lab;
using grading::NativeOptions;
using grading::Preload;
using grading::Shared;

inline MemcheckRun watch_mended(Lab& lab) {
    MemcheckRun run = experiment.memcheck(lab);
    grading::expect_exit(run.run, experiment.doing("under Memcheck"));
    return run;
}

inline std::vector<std::uint64_t> wanted_sizes() {
    std::vector<std::uint64_t> sizes;
    for (const auto& [size, count] : wanted()) {
        sizes.push_back(size);
    }
    return sizes;
}

inline NativeOptions without_memory(std::size_t allocations_that_work) {
    NativeOptions options;
    options.preload = Preload::malloc_fails;
    options.malloc_calls_that_work = static_cast<int>(allocations_that_work);
    return options;
}

/// The first eleven allocations, one after the other, are the one from which on malloc gives NULL.
inline std::vector<process::Run> run_without_memory(Lab& lab) {
    std::vector<process::Run> runs;
    for (std::size_t working = 0; working < number_of_blocks(wanted()); ++working) {
        runs.push_back(experiment.native(lab, without_memory(working)));
    }
    return runs;
}

/// With Memcheck watching: the first half of the allocations works, three quarters of them, all but the last.
struct StarvedAndWatched {
    std::size_t working;
    MemcheckRun run;
};

inline std::vector<StarvedAndWatched> watch_without_memory(Lab& lab) {
    const std::size_t all = number_of_blocks(wanted());
    std::vector<StarvedAndWatched> runs;
    for (const std::size_t working : {all / 2, 3 * all / 4, all - 1}) {
        runs.push_back({working, experiment.native_under_memcheck(lab, without_memory(working))});
    }
    return runs;
}

/// Plain new gives NULL as well, which a real one never does: whoever uses its object crashes.
inline process::Run run_without_any_memory(Lab& lab, std::size_t allocations_that_work) {
    NativeOptions options = without_memory(allocations_that_work);
    options.plain_new_gives_null = true;
    options.block_sizes = wanted_sizes();
    return experiment.native(lab, options);
}

/// Whatever is written into a block is gone before it can be read. A list then may have no end.
inline process::Run run_with_blocks_that_forget(Lab& lab) {
    grading::Experiment briefly = experiment;
    briefly.limits.wall = std::chrono::seconds(5);
    briefly.limits.output_bytes = 64U << 10U;
    NativeOptions options;
    options.preload = Preload::blocks_forget;
    options.block_sizes = wanted_sizes();
    return briefly.native(lab, options);
}

// Each run is made once and shared by the checks that need it.
inline Shared<MemcheckRun> mended{watch_mended};
inline Shared<grading::CountedRun> counted{[](Lab& lab) { return experiment.counted(lab); }};
inline Shared<process::Run> plain{[](Lab& lab) { return experiment.native(lab); }};
inline Shared<std::vector<process::Run>> starved{run_without_memory};
inline Shared<std::vector<StarvedAndWatched>> starved_and_watched{watch_without_memory};

/// How the program gave away that its report does not come out of its blocks.
struct Constants {
    Card card;
    /// All of the report, or most of it: then the blocks are only for show.
    bool only_for_show = false;
};

/// Nothing when it did not.
std::optional<Constants> find_constants(Lab& lab);
inline Shared<std::optional<Constants>> constants{find_constants};

/// The positive witness: the program allocated all of those blocks. Otherwise the check ends with this card.
void expect_every_block_allocated(const std::string& why = {});
/// The same, for a check that is about something else.
void expect_something_to_judge();

}  // namespace leaks
