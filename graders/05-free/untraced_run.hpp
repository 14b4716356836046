#pragma once

#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "endless_run.hpp"
#include "rounds.hpp"
#include "vmlab/evidence/native_blocks.hpp"
#include "vmlab/evidence/procfs.hpp"
#include "vmlab/grading/experiment.hpp"
#include "vmlab/grading/lab.hpp"

namespace free_loop {

/// A run that nobody traces and nothing hastens.
struct UnwatchedRun {
    /// What the program held (VmData) in most of its sleep behind each line, but for the last one.
    std::vector<std::int64_t> held;
    /// From before its start until its last line was seen: never less than it slept before that.
    std::chrono::duration<double> took{};
};

/// Runs the program until it has slept that often. It is looked at all the time: a look that comes late, on
/// a machine under heavy load, is one of many.
inline UnwatchedRun run_unwatched(vmlab::grading::Lab& lab, const vmlab::grading::Experiment& experiment,
                                  std::size_t sleeps) {
    using Clock = std::chrono::steady_clock;
    UnwatchedRun result;
    std::optional<vmlab::evidence::Sampler> sampler;
    std::vector<std::chrono::duration<double>> seen;  // each line, since the program's start
    std::stop_source stop;
    const auto before = Clock::now();
    auto start = before;

    vmlab::grading::NativeOptions options;
    options.stop = stop.get_token();
    options.on_started = [&](pid_t pid) {
        start = Clock::now();
        sampler.emplace(pid, std::chrono::milliseconds(20));
    };
    options.on_output = [&](std::string_view piece) {
        seen.resize(seen.size() + static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n')),
                    Clock::now() - start);
        result.took = Clock::now() - before;
        if (seen.size() > sleeps) {
            stop.request_stop();
        }
    };
    (void)experiment.native(lab, options);

    const auto samples = sampler ? sampler->finish() : std::vector<vmlab::evidence::ProcessSample>();
    for (std::size_t line = 0; line + 1 < seen.size(); ++line) {
        std::vector<std::int64_t> behind;
        for (const auto& sample : samples) {
            if (sample.at > seen[line] && sample.at < seen[line + 1] && sample.data_bytes > 0) {
                behind.push_back(static_cast<std::int64_t>(sample.data_bytes));
            }
        }
        result.held.push_back(median(behind));
    }
    return result;
}

/// Many rounds that nobody traced, each with a short sleep, and every block counted.
struct CountedRun {
    std::size_t rounds = 0;  ///< asked for
    std::size_t lines = 0;
    /// What the program held (VmData) when each line was seen. It may have come further than its line.
    std::vector<std::int64_t> held;
    vmlab::evidence::NativeBlocks blocks;
    vmlab::process::Run run;

    [[nodiscard]] std::optional<Growth> growth() const {
        const std::vector<std::int64_t> least = settled(held);
        return growth_of(least, std::min(early_round, least.size() / 2));
    }
    /// A program whose sleeps cannot be shortened gets through a few rounds only, and is stopped then.
    [[nodiscard]] bool was_stopped() const { return run.ending == vmlab::process::Ending::stopped; }
    /// Blocks of so many bytes that were never given back. None where nobody could tell.
    [[nodiscard]] std::size_t never_freed(std::uint64_t bytes) const {
        std::size_t count = 0;
        for (const auto& [size, number] : blocks.never_freed()) {
            count += blocks.heard && !blocks.overflowed && holds(size, bytes) ? number : 0;
        }
        return count;
    }
};

inline CountedRun run_counted(vmlab::grading::Lab& lab, const vmlab::grading::Experiment& experiment,
                              std::size_t rounds) {
    CountedRun result;
    result.rounds = rounds;
    pid_t pid = 0;
    std::stop_source stop;
    Pacer pacer;
    vmlab::grading::NativeOptions options;
    options.preload = vmlab::grading::Preload::counts_blocks;
    options.brief_sleeps = true;
    options.stop = stop.get_token();
    options.on_started = [&pid](pid_t started) { pid = started; };
    options.on_output = [&](std::string_view piece) {
        result.lines += static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n'));
        if (const auto sample = vmlab::evidence::sample_process(pid); sample && sample->data_bytes > 0) {
            result.held.resize(std::max(result.lines, result.held.size()),
                               static_cast<std::int64_t>(sample->data_bytes));
        }
        pacer.note(result.lines);
        if (pacer.has_waited_enough()) {
            stop.request_stop();
        }
    };
    result.run = experiment.native(lab, options);
    result.blocks = vmlab::evidence::native_blocks(result.run.shared_memory);
    return result;
}

/// A run with a malloc that gives NULL after so many calls: to so many, or to all that follow.
inline vmlab::process::Run run_without_memory(vmlab::grading::Lab& lab,
                                              const vmlab::grading::Experiment& experiment,
                                              int malloc_calls_that_work,
                                              std::optional<int> malloc_calls_that_fail = {}) {
    vmlab::grading::NativeOptions options;
    options.preload = vmlab::grading::Preload::malloc_fails;
    options.brief_sleeps = true;
    options.malloc_calls_that_work = malloc_calls_that_work;
    options.malloc_calls_that_fail = malloc_calls_that_fail;
    return experiment.native(lab, options);
}

}  // namespace free_loop
