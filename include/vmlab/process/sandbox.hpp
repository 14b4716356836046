#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "vmlab/process/error.hpp"
#include "vmlab/process/limits.hpp"
#include "vmlab/process/run.hpp"

namespace vmlab::process {

/// How student code is confined, best first.
enum class Tier { namespaces, separate_user, none };
[[nodiscard]] std::string_view name_of(Tier tier);

enum class TierChoice { automatic, namespaces, separate_user, none };
[[nodiscard]] Result<TierChoice> tier_choice(std::string_view text);

/// A limit of memory, and where it can of processes, around one run, beside what setrlimit(2) gives. Gone,
/// with what is in it, when this object is.
class MemoryGuard {
  public:
    virtual ~MemoryGuard() = default;
    /// The cgroup.procs files by which the run joins.
    [[nodiscard]] virtual std::vector<std::filesystem::path> entrances() const = 0;
    /// Whether the kernel killed a process in it for its memory.
    [[nodiscard]] virtual bool has_killed() const = 0;
};

/// Makes a guard of limits.memory_bytes and limits.processes. An Error: this run goes without.
using MakeMemoryGuard = std::function<Result<std::unique_ptr<MemoryGuard>>(const Limits& limits)>;

struct SystemView;

/// The only door through which student code is started.
class Sandbox {
  public:
    /// Finds out, by running a small program, the best tier that works here (automatic never chooses `none`),
    /// or whether the chosen one works. Error of kind machine_lacks: no tier works; what and fix say why and
    /// which command helps. `support` is the folder of our own helper files (vmlab-launch); `scratch` is
    /// where working folders may be made. A program sees no file but what its job names and the
    /// distribution's; `hidden` are places (a checkout, a submission) that it must not see even if they lie
    /// among those.
    [[nodiscard]] static Result<Sandbox> open(TierChoice choice, const std::filesystem::path& support,
                                              const std::filesystem::path& scratch,
                                              const std::vector<std::filesystem::path>& hidden = {});

    [[nodiscard]] Tier tier() const { return tier_; }

    /// Whether a program can open only what its job names, the distribution's programs and libraries, and
    /// devices: in every tier but `none`.
    [[nodiscard]] bool hides_files() const { return tier_ != Tier::none; }

    /// Our helper files, where a program in the sandbox can be shown them.
    [[nodiscard]] const std::filesystem::path& support() const { return support_; }

    /// From now on every run that joins no arena has a memory guard of limits.memory_bytes.
    void guard_memory(MakeMemoryGuard make) { make_guard_ = std::move(make); }

    /// Runs the job and waits until it and everything it started is gone. A program that fails is a Run; an
    /// Error means that the sandbox could not do its work.
    [[nodiscard]] Result<Run> run(const Job& job) const;

  private:
    Sandbox(Tier tier, std::filesystem::path bubblewrap, std::filesystem::path support,
            std::filesystem::path scratch);
    Result<void> choose_views(const std::vector<std::filesystem::path>& hidden);
    [[nodiscard]] std::unique_ptr<MemoryGuard> guard_for(const Job& job) const;
    Tier tier_;
    std::filesystem::path bubblewrap_;
    std::filesystem::path support_;
    std::filesystem::path scratch_;
    std::shared_ptr<const SystemView> view_;           ///< of a program
    std::shared_ptr<const SystemView> compiler_view_;  ///< of a job with_compiler
    MakeMemoryGuard make_guard_;
};

}  // namespace vmlab::process
