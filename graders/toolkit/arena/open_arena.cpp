#include <utility>
#include <vector>

#include <fmt/format.h>

#include "arena/cgroup/cgroup_arena.hpp"
#include "arena/cgroup/enclosure.hpp"
#include "arena/cgroup/hierarchy.hpp"
#include "arena/vm/vm.hpp"
#include "vmlab/arena/arena.hpp"
#include "vmlab/arena/own_arenas.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::arena {
namespace {

using namespace std::chrono_literals;

// A program that is known to want more than this must be killed here, and the kernel must say so.
constexpr std::uint64_t probe_bytes = 16U << 20U;

process::Result<void> probe(CgroupArena& arena, const process::Sandbox& sandbox) {
    const std::filesystem::path hog = sandbox.support() / "vmlab-hog";
    Request request;
    request.memory_bytes = probe_bytes;
    process::Job job;
    job.argv = {hog.string()};
    job.readable = {hog};
    job.limits.wall = 10s;
    request.contestants.push_back({std::move(job), 0});

    const auto outcome = arena.run(sandbox, request);
    if (!outcome) {
        return tl::unexpected(outcome.error());
    }
    const ContestantResult& result = outcome->contestants.front();
    if (!result.oom_killed) {
        return process::machine_lacks(
            fmt::format("a program that outgrows its limit is not OOM-killed here ({}, {} OOM kills counted)",
                        result.run.describe(), outcome->oom_kills),
            "check that the kernel accounts memory and swap to cgroups (cgroup_enable=memory swapaccount=1)");
    }
    arena.set_log_trust(result.log_record ? LogTrust::names_us : LogTrust::foreign);
    return {};
}

process::Result<std::unique_ptr<Arena>> open_cgroup(Kind kind, const process::Sandbox& sandbox) {
    const auto surroundings = Surroundings::read();
    if (!surroundings) {
        return tl::unexpected(surroundings.error());
    }
    auto hierarchy = kind == Kind::cgroup2 ? find_cgroup2(*surroundings) : find_cgroup1(*surroundings);
    if (!hierarchy) {
        return tl::unexpected(hierarchy.error());
    }
    auto arena = std::make_unique<CgroupArena>(std::move(*hierarchy));
    if (auto works = probe(*arena, sandbox); !works) {
        return tl::unexpected(works.error());
    }
    return arena;
}

process::Result<std::unique_ptr<Arena>> open_kind(Kind kind, const process::Sandbox& sandbox) {
    return kind == Kind::vm ? open_vm(sandbox) : open_cgroup(kind, sandbox);
}

std::vector<Kind> kinds_of(KindChoice choice) {
    switch (choice) {
        case KindChoice::cgroup2:
            return {Kind::cgroup2};
        case KindChoice::cgroup1:
            return {Kind::cgroup1};
        case KindChoice::vm:
            return {Kind::vm};
        case KindChoice::automatic:
            break;
    }
    return {Kind::cgroup2, Kind::cgroup1, Kind::vm};
}

struct Obstacle {
    Kind kind;
    process::Error error;
};

process::Error summary_of(const std::vector<Obstacle>& obstacles) {
    process::Error summary{process::ErrorKind::machine_lacks, {}, {}};
    for (const auto& [kind, error] : obstacles) {
        summary.what += fmt::format("{}{}: {}", summary.what.empty() ? "" : "; ", name_of(kind), error.what);
        if (!error.fix.empty()) {
            summary.fix +=
                fmt::format("{}for {}: {}", summary.fix.empty() ? "" : "; ", name_of(kind), error.fix);
        }
        if (error.kind == process::ErrorKind::failed) {
            summary.kind = error.kind;
        }
    }
    summary.what = fmt::format("no arena can be had here ({})", summary.what);
    if (summary.fix.empty()) {
        summary.fix = "choose another arena: --arena auto";
    }
    return summary;
}

}  // namespace

process::Result<std::unique_ptr<Arena>> open_arena(KindChoice choice, const process::Sandbox& sandbox) {
    remove_stale_arenas();
    std::vector<Obstacle> obstacles;
    for (const Kind kind : kinds_of(choice)) {
        auto arena = open_kind(kind, sandbox);
        if (arena) {
            return arena;
        }
        obstacles.push_back({kind, arena.error()});
    }
    return tl::unexpected(summary_of(obstacles));
}

namespace {

int remove_everywhere(int (*remove)(const Hierarchy&)) {
    const auto surroundings = Surroundings::read();
    if (!surroundings) {
        return 0;
    }
    int removed = 0;
    for (const auto find : {find_cgroup2, find_cgroup1}) {
        if (const auto hierarchy = find(*surroundings)) {
            removed += remove(**hierarchy);
        }
    }
    return removed;
}

}  // namespace

int remove_stale_arenas() {
    return remove_everywhere(remove_stale_enclosures);
}

int remove_own_arenas() {
    const int removed = remove_everywhere(remove_own_enclosures);
    // A virtual machine dies with us; its disk and what it was started from are in folders of ours.
    process::TemporaryFolder::remove_own();
    return removed;
}

}  // namespace vmlab::arena
