#pragma once

#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

#include "address_space.hpp"
#include "growth.hpp"
#include "vmlab/evidence/procfs.hpp"
#include "vmlab/grading/experiment.hpp"
#include "vmlab/grading/lab.hpp"

namespace free_loop {

constexpr std::int64_t touches_its_blocks = 30 * mebibyte;

/// How many lines to wait for. Each must be more than any number that a program could be written to behave
/// for; a program that writes into all of its 60 MB takes its time for each.
struct Lines {
    std::size_t untouched = 0;
    std::size_t touched = 0;

    [[nodiscard]] std::size_t enough(std::int64_t peak_resident_bytes) const {
        return peak_resident_bytes > touches_its_blocks ? touched : untouched;
    }
};

/// Tells a program that waits in a way that nobody can fast-forward, so that each of its lines takes its time
/// (on the busiest machine the others have lines that do not): of it fewer lines have to do.
class Pacer {
  public:
    void note(std::size_t lines) {
        const auto now = Clock::now();
        if (lines > lines_ + 1) {
            shortest_ = Clock::duration::zero();
        } else if (lines > lines_ && lines_ > 0) {
            shortest_ = std::min(shortest_, now - last_);
        }
        lines_ = lines;
        last_ = now;
    }

    [[nodiscard]] bool has_waited_enough() const {
        constexpr std::size_t enough = 12;
        return lines_ > enough && shortest_ > std::chrono::milliseconds(1800);
    }

  private:
    using Clock = std::chrono::steady_clock;
    std::size_t lines_ = 0;
    Clock::time_point last_;
    Clock::duration shortest_ = Clock::duration::max();  ///< from one line to the next
};

/// A run of a program that goes on forever, stopped after so many lines.
struct EndlessRun {
    vmlab::evidence::SyscallRun recorded;
    std::size_t lines = 0;
    bool went_on = false;  ///< it had to be stopped
    /// What the program held when each line was written.
    std::vector<std::int64_t> held;
    /// Peak resident bytes (VmHWM) when each line was seen.
    std::vector<std::int64_t> peaks;

    /// A program that leaks runs out of memory in the end: the fault is told of as a leak.
    [[nodiscard]] bool grows() const {
        return growth_of(held, std::min(early_round, held.size() / 2)).has_value();
    }
};

/// Runs the program under strace, sleeps fast-forwarded, until it has printed enough lines and two more.
inline EndlessRun run_endlessly(vmlab::grading::Lab& lab, const vmlab::grading::Experiment& experiment,
                                const Lines& wanted) {
    EndlessRun result;
    pid_t pid = 0;
    std::stop_source stop;
    Pacer pacer;

    vmlab::evidence::SyscallOptions options;
    options.stop = stop.get_token();
    options.on_started = [&pid](pid_t started) { pid = started; };
    options.on_output = [&](std::string_view piece) {
        result.lines += static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n'));
        const auto sample = vmlab::evidence::sample_process(pid);
        std::int64_t peak = result.peaks.empty() ? 0 : result.peaks.back();
        if (sample) {
            peak = std::max(peak, static_cast<std::int64_t>(sample->peak_resident_bytes));
        }
        result.peaks.resize(std::max(result.lines, result.peaks.size()), peak);
        // strace's record may lag behind by the line that is being written.
        const bool enough = result.lines > wanted.enough(peak) + 1;
        pacer.note(result.lines);
        if (enough || pacer.has_waited_enough()) {
            stop.request_stop();
        }
    };
    result.recorded = experiment.syscalls(lab, options);
    const AddressSpace memory(result.recorded.calls);
    for (const vmlab::evidence::PacedLine& line : result.recorded.paced_lines()) {
        result.held.push_back(memory.held_after(line.call));
    }
    result.went_on = stop.stop_requested() && !result.recorded.run.succeeded();
    return result;
}

}  // namespace free_loop
