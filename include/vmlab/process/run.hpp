#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/process/exit_status.hpp"
#include "vmlab/process/limits.hpp"
#include "vmlab/process/start.hpp"

namespace vmlab::process {

/// Why a run is over.
enum class Ending {
    finished,      ///< the program ended by itself or by a signal that was not ours
    timed_out,     ///< limits.wall passed: we killed it
    output_limit,  ///< limits.output_bytes or limits.channel_bytes was crossed: we killed it
    stopped,       ///< Job::stop was requested: we killed it
    lost,          ///< the sandbox's own launcher was killed from inside, or by the OOM killer
};

/// A program that waits for input (read(2) of its stdin), having read all that it was given.
struct Pause {
    /// The process that waits, as this machine sees it: the program, or one that it started. It stays as it
    /// is until the callback returns.
    pid_t pid = 0;
    std::string_view printed;  ///< all that came on stdout since the pause before
};

/// Says what the program reads next; nothing: the end of its input.
using OnPause = std::function<std::optional<std::string>(const Pause&)>;

/// One command to run as untrusted code. Paths are host paths: the sandbox shows `readable` and `writable` at
/// the same place inside. The program starts in a fresh, empty, private working folder with `input` on stdin.
struct Job {
    std::vector<std::string> argv;  ///< argv[0]: absolute path of the program (or of an instrument)
    std::map<std::string, std::string>
        environment;                              ///< added to PATH, HOME and LC_ALL=C: nothing is inherited
    std::vector<std::filesystem::path> readable;  ///< files and folders to show read-only
    std::vector<std::filesystem::path> writable;  ///< folders to show writable (made the run's own)
    std::string input;                            ///< what stdin holds; default: nothing
    /// A dialogue instead of `input`: stdin is a pipe. Called on the running thread at each pause, for a look
    /// at /proc/PID from outside while the program can do nothing.
    OnPause on_pause;
    Limits limits;
    Start start;
    bool with_compiler = false;  ///< show the system's headers (a build); else libraries alone

    /// Instruments only. Each named descriptor is one end of a socket pair; what is written there ends in
    /// Run::channels under the same number. Valgrind keeps 1012 and above from its client (with open_files =
    /// 1024).
    std::vector<int> channels;
    /// Instruments only: this descriptor is a piece of memory, shared_bytes long, that never changes its
    /// size. What is written to its beginning ends in Run::shared_memory, however the program ends.
    std::optional<int> shared_memory;
    std::uint64_t shared_bytes = 0;
    /// Instruments only (strace): the program's stderr is given as this descriptor, while descriptor 2 is
    /// channels[0].
    std::optional<int> stderr_as;

    /// Arenas only: cgroup.procs files that the run joins before anything of the program exists.
    std::vector<std::filesystem::path> cgroups;
    /// Arenas only: lets the program lower its oom_score_adj down to this value (needs CAP_SYS_RESOURCE in
    /// the initial user namespace: proc(5), "no lower than the last value set by a CAP_SYS_RESOURCE
    /// process").
    std::optional<int> oom_score_adj_floor;
    /// Arenas only: how long, in nanoseconds, the rest of the machine kept any of these runs from the
    /// processors. The others wait for that one meanwhile, so it counts as wall time of none of them.
    std::shared_ptr<std::atomic<std::int64_t>> starved_together;

    /// Called on the running thread. started: the program's pid as this machine sees it, just before it is
    /// executed (under strace or Valgrind too). output: each piece of stdout as it comes.
    std::function<void(pid_t)> on_started;
    std::function<void(std::string_view)> on_output;
    /// Ends the run when requested from another thread.
    std::stop_token stop;
};

/// What is known of a run after it is over and everything it started is dead.
struct Run {
    Ending ending = Ending::finished;
    ExitStatus status;
    std::string out;
    std::string err;
    std::map<int, std::string> channels;
    std::string shared_memory;  ///< Job::shared_memory up to its first untouched page
    /// The sandbox's memory guard ended it: limits.memory_bytes were not enough. Never set in an arena.
    bool out_of_memory = false;
    pid_t pid = 0;        ///< as this machine sees it
    pid_t inner_pid = 0;  ///< as the program sees itself (another number in a pid namespace)
    std::chrono::steady_clock::time_point began{};  ///< before anything of it was started
    std::chrono::steady_clock::time_point ended{};  ///< when the program itself was seen to end
    std::chrono::duration<double> elapsed{};
    /// Of what the program waited for, itself included: what the largest process had resident, and the time
    /// of all together. Zero when the program was ended by us, or is not in a sandbox.
    std::uint64_t most_resident_bytes = 0;
    std::chrono::milliseconds processor_time{};

    [[nodiscard]] bool succeeded() const { return ending == Ending::finished && status.exited_with(0); }
    /// "exit status 0", "killed by signal 11 (SIGSEGV)", "still running after 30 s, so it was stopped", ...
    [[nodiscard]] std::string describe() const;
};

}  // namespace vmlab::process
