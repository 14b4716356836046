#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/process/error.hpp"
#include "vmlab/process/sandbox.hpp"

namespace vmlab::evidence {

/// One system call as strace recorded it, after execve of the program itself.
struct SystemCall {
    int pid = 0;  ///< thread id inside the sandbox
    std::string name;
    std::vector<std::string> arguments;  ///< strace's text of each; quoted strings decoded in `data`
    /// read, write, pread64, pwrite64, writev: the bytes (decoded); openat, execve: the path.
    std::string data;
    /// Of the descriptor worked on (strace -y), or of what openat opened; empty if none.
    std::string path;
    /// As a signed number (addresses too); absent when the call never returned ("?").
    std::optional<std::int64_t> result;
    std::string error;      ///< "EACCES", ... when it failed
    bool injected = false;  ///< fast-forwarded by the grader
    /// How long a sleep asked for; see sleep_requested.
    std::chrono::nanoseconds slept{0};
    /// It may have asked for up to so much more: it was worked out from a clock, which the program read at
    /// some time since its last sleep.
    std::chrono::nanoseconds slack{0};
    std::string row;  ///< strace's own text, cut to a length that a failure card can show

    [[nodiscard]] bool failed() const { return !error.empty(); }
};

/// A sleep: nanosleep, clock_nanosleep (relative or absolute), or another wait with a time limit (select,
/// poll, epoll_wait, sigtimedwait; a futex: a condition variable, a semaphore, a future) that ended because
/// the limit had come.
[[nodiscard]] bool is_sleep(const SystemCall& call);
/// How long it asked for. Zero when the call is no sleep, or was refused or interrupted. For a sleep until a
/// moment: the time from strace's own time stamp to it, or, where the program adds to the moment slept until
/// before, from that one. Asking again for the rest of a sleep that returned early
/// (std::this_thread::sleep_until on a clock that was not moved) adds nothing.
[[nodiscard]] std::chrono::nanoseconds sleep_requested(const SystemCall& call);
/// Whether a program that asked for `slept`, or for up to `slack` more, may have meant that pause.
[[nodiscard]] bool is_pause(std::chrono::nanoseconds slept, std::chrono::nanoseconds slack,
                            std::chrono::nanoseconds pause);

/// One line that a program wrote to stdout, with how long the thread that completed it had asked to sleep
/// since the line before it. Where it did not sleep itself: the longest sleep of the main thread, or of a
/// thread or child that ended in between, for which it can have waited.
struct PacedLine {
    std::string text;  ///< without the newline
    std::chrono::nanoseconds slept_before{0};
    std::chrono::nanoseconds slack_before{0};  ///< it may have been up to so much more
    std::size_t call = 0;  ///< position of the write that completed the line, in SyscallRun::calls
};

/// What strace wrote about a program and everything that it started.
struct SyscallLog {
    std::vector<SystemCall> calls;
    bool complete = false;       ///< strace saw the program's first process end
    std::int64_t first_pid = 0;  ///< that process, as it sees itself; 0: not known

    /// Lines written to what descriptor 1 was at the start (through copies of it too), in order. Text after
    /// the last newline is no line.
    [[nodiscard]] std::vector<PacedLine> paced_lines() const;
    /// Sleep asked for after the last line, counted as for a line; all of it when there is no line.
    [[nodiscard]] std::chrono::nanoseconds slept_after_last_line() const;
    /// It may have been up to so much more.
    [[nodiscard]] std::chrono::nanoseconds slack_after_last_line() const;
    [[nodiscard]] std::vector<SystemCall> named(std::string_view name) const;
    /// The first try to open the memory or the descriptors of a process that is none of these: strace itself
    /// has the program's user. Absent: there was none.
    [[nodiscard]] std::optional<SystemCall> intrusion() const;
    /// All sleep asked for, by every thread.
    [[nodiscard]] std::chrono::nanoseconds slept() const;
};

struct SyscallRun : SyscallLog {
    process::Run run;
};

/// How far clocks are ahead of CLOCK_REALTIME, by the names that strace gives them: CLOCK_MONOTONIC, ...
using ClocksAhead = std::map<std::string, std::chrono::nanoseconds>;

/// Reads strace's log (-f -y -ttt, strings in C escapes). Unfinished and resumed halves are joined. What
/// comes before the execve of `program` (empty: before the first execve) is left out; without such a row
/// nothing is. `clocks_ahead` is for sleeps until a moment of one of these clocks.
[[nodiscard]] SyscallLog parse_strace(std::string_view log, std::string_view program = {},
                                      ClocksAhead clocks_ahead = {});

struct SyscallOptions {
    std::vector<std::string> arguments;
    std::map<std::string, std::string> environment;
    process::Limits limits;
    process::Start start;
    bool fast_forward_sleeps = true;
    std::size_t data_bytes = 65536;  ///< that are kept of each read and each write
    std::vector<std::filesystem::path> readable;
    process::OnPause on_pause;  ///< a dialogue over the program's stdin, as in process::Job

    /// As in process::Job, for a program that runs until it is stopped: a look at /proc/PID from outside, and
    /// an end. The record of a run that was stopped holds what strace had written by then.
    std::function<void(pid_t)> on_started;
    std::function<void(std::string_view)> on_output;
    std::stop_token stop;
};

/// Runs the program under strace, recording memory, sleep, file and exit calls (brk, mmap, munmap, mremap,
/// mprotect, madvise, nanosleep, clock_nanosleep, futex, openat, read, write, getpid, exit_group, ...).
/// machine_lacks: no strace, or ptrace is forbidden.
[[nodiscard]] process::Result<SyscallRun> run_syscalls(const process::Sandbox& sandbox,
                                                       const std::filesystem::path& program,
                                                       const SyscallOptions& options = {});

}  // namespace vmlab::evidence
