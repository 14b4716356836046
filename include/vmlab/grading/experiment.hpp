#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/evidence/native_blocks.hpp"
#include "vmlab/evidence/procfs.hpp"
#include "vmlab/grading/lab.hpp"

namespace vmlab::grading {

/// A run without any instrument but an allocator that counts.
struct CountedRun {
    process::Run run;
    evidence::NativeBlocks blocks;
};

/// A run that nothing hastens or slows down, with the time of each line of its output.
struct TimedRun {
    process::Run run;
    /// From before the program's start until each completed line of stdout had been seen: never less than it
    /// slept before it printed that line, however busy the machine.
    std::vector<std::chrono::duration<double>> seen;
};

/// A run that nobody traced, looked at from outside while it slept, and then stopped.
struct Asleep {
    process::Run run;
    std::optional<evidence::ProcessSample> sample;  ///< absent: it never came to that, or was gone too soon
    std::vector<evidence::Mapping>
        mappings;  ///< its address space then; empty when it did not sleep, or unreadable

    /// Otherwise the sample, if there is one, was taken in the midst of something.
    [[nodiscard]] bool slept() const { return sample && sample->state == 'S'; }
};

/// One way to run a program of the submission: what is run and what a card tells the student to type are the
/// same value, so they cannot differ. A plain value: any thread may use it.
struct Experiment {
    std::string program;  ///< a name of activity.toml
    std::vector<std::string> arguments = {};
    std::map<std::string, std::string> environment = {};
    process::Start start = {};
    process::Limits limits = {};  ///< address_space_bytes is told in the command (ulimit -v), the others not

    /// Runs the submission's program. `how` says the rest: its arguments, environment and limits are replaced
    /// by those above. Ends the check as the Lab's functions do.
    [[nodiscard]] process::Run native(Lab& lab, NativeOptions how = {}) const;
    [[nodiscard]] evidence::MemcheckRun memcheck(Lab& lab, evidence::MemcheckOptions how = {}) const;
    /// native() with a preloaded allocator, under Memcheck (Lab::native_under_memcheck).
    [[nodiscard]] evidence::MemcheckRun native_under_memcheck(Lab& lab, NativeOptions how) const;
    /// native() with every block counted. Blocks that were not heard of are the program's doing: where the
    /// starter is not heard either, the grader is at fault, and says so.
    [[nodiscard]] CountedRun counted(Lab& lab) const;
    /// The same of a program that waits for input: it is killed at its first wait, so that what it held then
    /// is what was never given back.
    [[nodiscard]] CountedRun counted_until_it_waits(Lab& lab) const;
    /// native(), with a clock beside it.
    [[nodiscard]] TimedRun timed(Lab& lab) const;
    [[nodiscard]] evidence::SyscallRun syscalls(Lab& lab, evidence::SyscallOptions how = {}) const;

    /// Runs it as native() does, until `is_time` says so of what it has printed so far; then waits for it to
    /// sleep, looks at it from outside, calls `look` (if any) with the program's pid as this machine sees it,
    /// and stops it. One that does not sleep then is only sampled.
    [[nodiscard]] Asleep asleep(Lab& lab, const std::function<bool(std::string_view out)>& is_time,
                                NativeOptions how = {}, const std::function<void(pid_t)>& look = {}) const;

    /// What a student types for the same run, in a shell: "./oom --limit 3"; words are quoted where needed;
    /// an address space limit makes it "(ulimit -v 131072; ./oom --limit 3)", an inherited oom_score_adj
    /// "(echo 100 > /proc/self/oom_score_adj; ./oom_score)".
    [[nodiscard]] std::string command() const;
    /// The same below a tool: "strace -e trace=write ./oom --limit 3".
    [[nodiscard]] std::string under(std::string_view tool) const;
    /// "running ./oom --limit 3": completes "while …" on a card.
    [[nodiscard]] std::string doing(std::string_view how = {}) const;
};

/// Fails the check when Memcheck saw that run read or write what is none of its memory, or go by a value that
/// was never initialised (MemcheckReport::misuse). A run that crashed under Memcheck for that reason fails
/// with the same card. `why` is the card's.
void expect_memory_respected(const Experiment& experiment, const evidence::MemcheckRun& run,
                             const std::string& why = {});

/// A word as a shell takes it: as it is, or in single quotes.
[[nodiscard]] std::string shell_word(std::string_view word);

/// "g++ -std=c++20 -g -O0 -Wall -Wextra oom.cpp -o oom -lfmt && ", for the program of the running grader:
/// what a command on a card begins with, so that it works as it stands in the activity's folder.
[[nodiscard]] std::string build_and(std::string_view program, std::string_view command);

}  // namespace vmlab::grading
