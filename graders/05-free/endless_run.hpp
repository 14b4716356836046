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
#include <thread>
#include <utility>
#include <vector>

#include "rounds.hpp"
#include "vmlab/evidence/procfs.hpp"
#include "vmlab/grading/lab.hpp"

namespace free_loop {

/// A run that had to be stopped after so many lines, because the program goes on forever.
struct EndlessRun {
    vmlab::evidence::SyscallRun recorded;
    std::size_t lines = 0;
    std::optional<std::uint64_t> early_peak;  ///< peak resident bytes (VmHWM) after `early` lines
    std::optional<std::uint64_t> late_peak;   ///< the same when the run was stopped
};

/// Runs the program under strace, sleeps fast-forwarded, until it has printed `late` lines and two more. A
/// program that leaks gets no more than `most_data_bytes`: what it asks for beyond is refused.
inline EndlessRun run_endlessly(vmlab::grading::Lab& lab, const vmlab::grading::Program& program,
                                std::vector<std::string> arguments, std::size_t early, std::size_t late,
                                std::uint64_t most_data_bytes) {
    EndlessRun result;
    pid_t pid = 0;
    std::stop_source stop;
    const auto peak = [&pid]() -> std::optional<std::uint64_t> {
        const auto sample = vmlab::evidence::sample_process(pid);
        return sample ? std::optional(sample->peak_resident_bytes) : std::nullopt;
    };

    vmlab::evidence::SyscallOptions options;
    options.arguments = std::move(arguments);
    options.limits.data_bytes = most_data_bytes;
    options.limits.wall = std::chrono::minutes(2);  // for programs that write all of their 60 MB each round
    options.stop = stop.get_token();
    options.on_started = [&pid](pid_t started) { pid = started; };
    options.on_output = [&](std::string_view piece) {
        result.lines += static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n'));
        if (result.lines >= early && !result.early_peak) {
            result.early_peak = peak();
        }
        // strace's record may lag behind by the line that is being written.
        if (result.lines > late + 1 && !result.late_peak) {
            result.late_peak = peak();
            stop.request_stop();
        }
    };
    result.recorded = lab.syscalls(program, options);
    return result;
}

/// A run that nobody traced.
struct UnwatchedRun {
    /// The size of its address space (VmSize) in the sleeps of round 1 and of round 2; 0 where it was not
    /// seen to sleep.
    std::vector<std::uint64_t> sizes;
    /// From before its start to its end, after its second line: never less than it slept between the two.
    /// Absent: it printed no two lines.
    std::optional<std::chrono::duration<double>> two_lines_took;
};

/// Runs the program with nobody tracing it, so that its first sleep takes its time, until it sleeps in
/// round 2. On a machine under heavy load the looks may come late, in later rounds, but never early.
inline UnwatchedRun run_unwatched(vmlab::grading::Lab& lab, const vmlab::grading::Program& program,
                                  std::uint64_t most_data_bytes) {
    UnwatchedRun result;
    std::vector<std::uint64_t>& sizes = result.sizes;
    pid_t pid = 0;
    std::size_t lines = 0;
    std::stop_source stop;
    const auto size_asleep = [&pid]() -> std::uint64_t {
        for (int attempt = 0; attempt < 5000; ++attempt) {
            const auto sample = vmlab::evidence::sample_process(pid);
            if (!sample) {
                break;
            }
            if (sample->state == 'S') {
                return sample->virtual_bytes;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        return 0;
    };

    vmlab::grading::NativeOptions options;
    options.limits.data_bytes = most_data_bytes;
    options.stop = stop.get_token();
    options.on_started = [&pid](pid_t started) { pid = started; };
    options.on_output = [&](std::string_view piece) {
        lines += static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n'));
        if (lines > sizes.size()) {
            sizes.push_back(size_asleep());
        }
        if (sizes.size() >= 2) {
            stop.request_stop();
        }
    };
    const vmlab::process::Run run = lab.native(program, options);
    if (lines >= 2) {
        result.two_lines_took = run.elapsed;
    }
    return result;
}

/// Many rounds that nobody traced, each with a short sleep.
struct ManyRounds {
    std::size_t lines = 0;
    /// The size of the address space (VmSize) when each line was seen. The program may have come further than
    /// its line; behind the last one it may be gone.
    std::vector<std::uint64_t> sizes;
    vmlab::process::Run run;
};

/// Runs so many rounds with nobody tracing. A program whose sleeps cannot be shortened gets through a few.
inline ManyRounds run_many_rounds(vmlab::grading::Lab& lab, const vmlab::grading::Program& program,
                                  std::size_t rounds, std::uint64_t most_data_bytes) {
    ManyRounds result;
    pid_t pid = 0;
    vmlab::grading::NativeOptions options;
    options.arguments = {std::to_string(rounds)};
    options.preload = vmlab::grading::Preload::sleeps_briefly;
    options.limits.data_bytes = most_data_bytes;
    options.limits.wall = std::chrono::seconds(20);
    options.on_started = [&pid](pid_t started) { pid = started; };
    options.on_output = [&](std::string_view piece) {
        result.lines += static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n'));
        if (const auto sample = vmlab::evidence::sample_process(pid); sample && sample->virtual_bytes > 0) {
            result.sizes.resize(result.lines, sample->virtual_bytes);
        }
    };
    result.run = lab.native(program, options);
    return result;
}

/// `free_loop 1` with a malloc that gives NULL after so many calls: to so many, or to all that follow. It is
/// stopped behind its round's line, for nobody fast-forwards its sleep.
inline vmlab::process::Run run_one_round_without_memory(vmlab::grading::Lab& lab,
                                                        const vmlab::grading::Program& program,
                                                        int malloc_calls_that_work,
                                                        std::optional<int> malloc_calls_that_fail = {}) {
    std::stop_source stop;
    vmlab::grading::NativeOptions options;
    options.arguments = {"1"};
    options.preload = vmlab::grading::Preload::malloc_fails;
    options.malloc_calls_that_work = malloc_calls_that_work;
    options.malloc_calls_that_fail = malloc_calls_that_fail;
    options.stop = stop.get_token();
    std::string printed;
    options.on_output = [&stop, &printed](std::string_view piece) {
        printed += piece;
        if (!rounds_in(printed).empty() && printed.ends_with('\n')) {
            stop.request_stop();
        }
    };
    return lab.native(program, options);
}

}  // namespace free_loop
