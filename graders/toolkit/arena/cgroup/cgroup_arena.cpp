#include "arena/cgroup/cgroup_arena.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "arena/cgroup/enclosure.hpp"
#include "arena/contest.hpp"
#include "arena/verdict.hpp"
#include "vmlab/evidence/kernel_log.hpp"

namespace vmlab::arena {
namespace {

using namespace std::chrono_literals;

// The record is readable a fraction of a millisecond after the death; the patience is for a loaded machine.
constexpr auto patience = 2000ms;

std::vector<pid_t> killed_pids(const std::vector<ContestantResult>& contestants) {
    std::vector<pid_t> pids;
    for (const ContestantResult& contestant : contestants) {
        if (may_be_oom_killed(contestant)) {
            pids.push_back(contestant.run.pid);
        }
    }
    return pids;
}

bool lost_its_launcher(const ContestantResult& contestant) {
    return contestant.run.ending == process::Ending::lost;
}

// Null: a memory cgroup can show all that is asked for.
const char* beyond_a_group(const Request& request) {
    if (request.scope == Scope::machine) {
        return "a whole machine that runs out of memory";
    }
    if (request.manual_kill) {
        return "SysRq f, which may kill anything on the machine";
    }
    for (const Contestant& contestant : request.contestants) {
        if (contestant.oom_score_adj) {
            return "an oom_score_adj that is set from outside";
        }
        if (contestant.hold_at_exit.count() > 0) {
            return "a process that is held while it dies";
        }
    }
    return nullptr;
}

process::Result<void> count_kills(const Enclosure& enclosure, Outcome& outcome) {
    for (std::size_t i = 0; i < outcome.contestants.size(); ++i) {
        const auto kills = enclosure.oom_kills(i);
        if (!kills) {
            return tl::unexpected(kills.error());
        }
        outcome.contestants[i].oom_kills = *kills;
        outcome.oom_kills += *kills;
    }
    return {};
}

}  // namespace

process::Result<Outcome> CgroupArena::run(const process::Sandbox& sandbox, const Request& request) const {
    if (const char* beyond = beyond_a_group(request)) {
        return process::machine_lacks(
            fmt::format("{} is for the VM arena alone, not for {}", beyond, name_of(kind())),
            "choose --arena vm (scripts/setup --vm fetches what it needs)");
    }
    auto outcome = run_once(sandbox, request);
    const bool infrastructure_failed =
        outcome ? std::any_of(outcome->contestants.begin(), outcome->contestants.end(), lost_its_launcher)
                : outcome.error().kind == process::ErrorKind::failed;
    // A second loss of the launcher is not chance: it is handed on as the way this program ends.
    return infrastructure_failed ? run_once(sandbox, request) : std::move(outcome);
}

process::Result<Outcome> CgroupArena::run_once(const process::Sandbox& sandbox,
                                               const Request& request) const {
    auto enclosure = Enclosure::make(*hierarchy_, request.memory_bytes, request.contestants.size());
    if (!enclosure) {
        return tl::unexpected(enclosure.error());
    }
    std::vector<std::filesystem::path> entrances;
    for (std::size_t i = 0; i < request.contestants.size(); ++i) {
        entrances.push_back(enclosure->entrance(i));
    }
    auto log = evidence::KernelLog::open_at_end();

    const Runner runner = [&sandbox](const process::Job& job) { return sandbox.run(job); };
    auto contestants = run_contest(runner, request, entrances);
    if (!contestants) {
        return tl::unexpected(contestants.error());
    }

    Outcome outcome;
    outcome.contestants = std::move(*contestants);
    outcome.peak_bytes = enclosure->peak_bytes();
    if (auto counted = count_kills(*enclosure, outcome); !counted) {
        return tl::unexpected(counted.error());
    }
    consult_log(log, outcome);
    return outcome;
}

void CgroupArena::consult_log(process::Result<evidence::KernelLog>& log, Outcome& outcome) const {
    if (!log) {
        outcome.log_missing = log.error().what;
    } else if (log_trust_ == LogTrust::foreign) {
        outcome.log_missing =
            log->source() + " does not name our processes (it may count in another pid namespace)";
    } else {
        outcome.kernel_log = log->read_until_killed(killed_pids(outcome.contestants), patience);
    }
    judge(outcome.contestants, evidence::parse_oom_kills(outcome.kernel_log),
          log_trust_ == LogTrust::names_us);
}

}  // namespace vmlab::arena
