#include "vmlab/arena/memory_guard.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "arena/cgroup/enclosure.hpp"
#include "arena/cgroup/hierarchy.hpp"

namespace vmlab::arena {
namespace {

/// An arena for one, whose kills are no verdict on the program but on its appetite.
class CgroupGuard final : public process::MemoryGuard {
  public:
    CgroupGuard(std::shared_ptr<const Hierarchy> hierarchy, Enclosure enclosure)
        : hierarchy_(std::move(hierarchy)), enclosure_(std::move(enclosure)) {}

    [[nodiscard]] std::vector<std::filesystem::path> entrances() const override {
        return {enclosure_.entrance(0)};
    }
    [[nodiscard]] bool has_killed() const override { return enclosure_.oom_kills(0).value_or(0) > 0; }

  private:
    std::shared_ptr<const Hierarchy> hierarchy_;  // outlives the enclosure in it
    Enclosure enclosure_;
};

/// bubblewrap, the launcher and an instrument, which are no processes of the program's.
constexpr std::uint64_t our_processes = 16;

process::Result<std::unique_ptr<process::MemoryGuard>> make_guard(std::shared_ptr<const Hierarchy> hierarchy,
                                                                  const process::Limits& limits) {
    auto enclosure = Enclosure::make(*hierarchy, limits.memory_bytes, 1);
    if (!enclosure) {
        return tl::unexpected(enclosure.error());
    }
    if (limits.processes != 0) {
        if (auto limited = enclosure->limit_processes(limits.processes + our_processes); !limited) {
            return tl::unexpected(limited.error());
        }
    }
    return std::make_unique<CgroupGuard>(std::move(hierarchy), std::move(*enclosure));
}

}  // namespace

process::Result<process::MakeMemoryGuard> memory_guards() {
    const auto surroundings = Surroundings::read();
    if (!surroundings) {
        return tl::unexpected(surroundings.error());
    }
    process::Error obstacles{process::ErrorKind::machine_lacks, {}, {}};
    for (const auto find : {find_cgroup2, find_cgroup1}) {
        auto found = find(*surroundings);
        auto error = found ? process::Error{} : found.error();
        if (found) {
            const std::shared_ptr<const Hierarchy> hierarchy = std::move(*found);
            if (const auto probe = make_guard(hierarchy, process::Limits{})) {
                return [hierarchy](const process::Limits& limits) { return make_guard(hierarchy, limits); };
            } else {
                error = probe.error();
            }
        }
        obstacles.what += (obstacles.what.empty() ? "" : "; ") + error.what;
        obstacles.fix = obstacles.fix.empty() ? error.fix : obstacles.fix;
    }
    return tl::unexpected(obstacles);
}

}  // namespace vmlab::arena
