#pragma once

#include <memory>

#include "arena/cgroup/hierarchy.hpp"
#include "vmlab/arena/arena.hpp"
#include "vmlab/evidence/kernel_log.hpp"

namespace vmlab::arena {

/// What is known of this machine's kernel log.
enum class LogTrust {
    unknown,   ///< it has not been tried
    names_us,  ///< it names our processes by the pids that we know
    foreign,   ///< it does not: it may count processes in another pid namespace
};

/// An arena of cgroups, v1 or v2.
class CgroupArena final : public Arena {
  public:
    explicit CgroupArena(std::unique_ptr<Hierarchy> hierarchy) : hierarchy_(std::move(hierarchy)) {}

    [[nodiscard]] Kind kind() const override { return hierarchy_->kind(); }
    [[nodiscard]] process::Result<Outcome> run(const process::Sandbox& sandbox,
                                               const Request& request) const override;

    /// To be told after a known kill.
    void set_log_trust(LogTrust trust) { log_trust_ = trust; }

  private:
    [[nodiscard]] process::Result<Outcome> run_once(const process::Sandbox& sandbox,
                                                    const Request& request) const;
    /// Reads the log's records of the run and judges by them and by the counters.
    void consult_log(process::Result<evidence::KernelLog>& log, Outcome& outcome) const;

    std::unique_ptr<Hierarchy> hierarchy_;
    LogTrust log_trust_ = LogTrust::unknown;
};

}  // namespace vmlab::arena
