#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/evidence/kernel_log.hpp"
#include "vmlab/evidence/procfs.hpp"
#include "vmlab/process/error.hpp"
#include "vmlab/process/sandbox.hpp"

namespace vmlab::arena {

enum class Kind { cgroup2, cgroup1, vm };
[[nodiscard]] std::string_view name_of(Kind kind);

enum class KindChoice { automatic, cgroup2, cgroup1, vm };
[[nodiscard]] process::Result<KindChoice> kind_choice(std::string_view text);

/// What the VM arena's guest does while a contestant waits for input, before it looks at it.
struct Push {
    /// The kernel reclaims what it can of the contestant's memory (cgroup v2, memory.reclaim): what is
    /// nobody's file goes to swap.
    bool reclaim = false;
    /// The contestant's own limit (Contestant::memory_bytes) from then on: the kernel reclaims down to it.
    std::optional<std::uint64_t> memory_bytes = std::nullopt;
    /// Before that: one byte is changed in the page numbered so. A page is numbered when its first eight
    /// bytes are a number, and those 4096 bytes before and behind it hold the numbers before and behind.
    std::optional<std::uint64_t> spoiled_page = std::nullopt;
};

/// One program in an arena. Contestants are started in order: each waits until the one before it has started
/// and has printed `start_after_lines` lines (or has ended). The arena sets the job's cgroups; its callbacks
/// and stop are kept.
struct Contestant {
    process::Job job;
    int start_after_lines = 0;
    /// The VM arena only: what the arena writes to its oom_score_adj before it starts.
    std::optional<int> oom_score_adj = std::nullopt;
    /// The VM arena only: when it has been killed, it is held for so long before it is gone, its memory still
    /// mapped. After 2 s (OOM_REAPER_DELAY, mm/oom_kill.c) the kernel's oom_reaper takes that memory.
    std::chrono::milliseconds hold_at_exit{0};
    /// The VM arena only: stdin is a dialogue instead of the job's input. The guest looks at the program each
    /// time that it waits for input (ContestantResult::looks), and answers with Enter; the first push is for
    /// the first wait, and so on. Absent: no dialogue. The 64th wait ends the input.
    std::optional<std::vector<Push>> dialogue = std::nullopt;
    /// The VM arena only: limits of the contestant's own within the arena; absent: none.
    std::optional<std::uint64_t> memory_bytes = std::nullopt;
    std::optional<std::uint64_t> swap_bytes = std::nullopt;
};

/// Whose memory is the limit.
enum class Scope {
    group,    ///< a group's: the arena is a memory cgroup (in the VM arena: of the guest)
    machine,  ///< the whole machine's: the VM arena only
};

/// SysRq f (Documentation/admin-guide/sysrq.rst): the kernel looks for a victim although there is memory.
struct ManualKill {
    std::size_t contestant = 0;  ///< is done when this contestant ...
    int after_lines = 1;         ///< ... has printed so many lines
};

struct Request {
    /// The group's limit, or at least the machine's memory (the kernel keeps some of it).
    std::uint64_t memory_bytes = 64U << 20U;
    /// The VM arena only: so much swap, in compressed RAM of the guest (zram,
    /// Documentation/admin-guide/blockdev/zram.rst); pages come back one at a time. 0: none, as everywhere
    /// else. machine_lacks: the guest's kernel has no zram.
    std::uint64_t swap_bytes = 0;
    Scope scope = Scope::group;
    std::optional<ManualKill> manual_kill = std::nullopt;  ///< the VM arena only
    std::vector<Contestant> contestants;
    /// Ends every run still going when this contestant (by position) has ended; one that still waits is not
    /// started. Absent: waits for all of them.
    std::optional<std::size_t> over_when_ended;
    std::chrono::milliseconds sample_interval{0};  ///< 0: no samples
    /// Called with records of the kernel's log as they come (the VM arena only): the live view.
    std::function<void(std::string_view)> on_log;
    /// Called with each sample as it is taken (contestant's position, sample): the live view. Each contestant
    /// has a thread of its own for it.
    std::function<void(std::size_t, const evidence::ProcessSample&)> on_sample;
};

/// A contestant while it waited for input, after the push.
struct Look {
    std::uint64_t lines = 0;  ///< it had printed so many
    std::uint64_t spoiled_pages = 0;
    evidence::ProcessSample sample;
};

struct ContestantResult {
    process::Run run;
    /// The verdict on "was it OOM-killed": killed by SIGKILL that was not ours, and the kernel says so: its
    /// counter for this contestant rose, and its log, where readable, does not tell that the kill was of
    /// another process (a child of the program).
    bool oom_killed = false;
    /// The kernel's counter for this contestant: the program and its children.
    std::uint64_t oom_kills = 0;
    std::optional<evidence::OomKill> log_record;  ///< absent: the log is unreadable or the record is missing
    std::vector<evidence::ProcessSample> samples;
    std::vector<Look> looks;  ///< Contestant::dialogue
    int died_as = -1;  ///< 0: the first of the contestants to end, 1: the second, ...; -1: was never started
};

struct Outcome {
    std::vector<ContestantResult> contestants;  ///< in the order of the request
    std::uint64_t oom_kills = 0;  ///< the kernel's counter for the arena: the sum of the contestants'
    /// The kernel's peak of memory charged to the arena. Absent: this kernel keeps none.
    std::optional<std::uint64_t> peak_bytes;
    std::string kernel_log;                  ///< records of the time of the run; empty when unreadable
    std::optional<std::string> log_missing;  ///< why there is no kernel log

    /// What only the VM arena tells, read in the guest when all contestants have ended; else empty.
    std::string syslog;   ///< the guest's /var/log/syslog, written by its log daemon
    std::string meminfo;  ///< /proc/meminfo
    std::string vmstat;   ///< /proc/vmstat
};

/// A place with a memory limit where a program may be OOM-killed without harm to the machine.
class Arena {
  public:
    virtual ~Arena() = default;
    [[nodiscard]] virtual Kind kind() const = 0;
    /// Runs the contestants. machine_lacks: this kind cannot do what the request asks for. A program that
    /// fails is an Outcome; an Error means the arena could not do its work. An Error and a run that lost its
    /// launcher (Ending::lost) are retried once inside: the callbacks of the jobs are then called again from
    /// the start.
    [[nodiscard]] virtual process::Result<Outcome> run(const process::Sandbox& sandbox,
                                                       const Request& request) const = 0;
};

/// Probes, by a real known kill, the chosen kind or the first that works in the order cgroup2, cgroup1, vm.
/// machine_lacks: none works; what and fix name each kind's obstacle.
[[nodiscard]] process::Result<std::unique_ptr<Arena>> open_arena(KindChoice choice,
                                                                 const process::Sandbox& sandbox);

/// Whether a program in a sandboxed run can be allowed to lower its oom_score_adj (CAP_SYS_RESOURCE in the
/// initial user namespace). Error of kind machine_lacks says why not.
[[nodiscard]] process::Result<void> can_lower_oom_score_adj();

/// Removes arenas whose owner is no longer alive. Returns how many.
int remove_stale_arenas();

}  // namespace vmlab::arena
