#include "vmlab/arena/memory_guard.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "arena/enclosure.hpp"
#include "arena/hierarchy.hpp"

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

process::Result<std::unique_ptr<process::MemoryGuard>> make_guard(std::shared_ptr<const Hierarchy> hierarchy,
                                                                  std::uint64_t bytes) {
    auto enclosure = Enclosure::make(*hierarchy, bytes, 1);
    if (!enclosure) {
        return tl::unexpected(enclosure.error());
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
            constexpr std::uint64_t probe_bytes = 16U << 20U;
            if (const auto probe = make_guard(hierarchy, probe_bytes)) {
                return [hierarchy](std::uint64_t bytes) { return make_guard(hierarchy, bytes); };
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
