#pragma once

#include <memory>

#include "arena/hierarchy.hpp"
#include "vmlab/arena/arena.hpp"

namespace vmlab::arena {

/// An arena of cgroups, v1 or v2.
class CgroupArena final : public Arena {
  public:
    explicit CgroupArena(std::unique_ptr<Hierarchy> hierarchy) : hierarchy_(std::move(hierarchy)) {}

    [[nodiscard]] Kind kind() const override { return hierarchy_->kind(); }
    [[nodiscard]] process::Result<Outcome> run(const process::Sandbox& sandbox,
                                               const Request& request) const override;

    /// Says that the kernel's log was seen to name our processes by the pids that we know (see judge()).
    void trust_log() { log_is_trusted_ = true; }

  private:
    [[nodiscard]] process::Result<Outcome> run_once(const process::Sandbox& sandbox,
                                                    const Request& request) const;
    std::unique_ptr<Hierarchy> hierarchy_;
    bool log_is_trusted_ = false;
};

}  // namespace vmlab::arena
