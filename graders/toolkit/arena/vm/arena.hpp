#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "arena/vm/attempt.hpp"
#include "arena/vm/cache.hpp"
#include "arena/vm/machine.hpp"
#include "arena/vm/order.hpp"
#include "vmlab/arena/arena.hpp"
#include "vmlab/process/sandbox.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::arena {

/// What a VmArena is made of.
struct VmParts {
    std::filesystem::path qemu;
    GuestFiles files;
    std::optional<VmCache> cache;  ///< absent: there is no place for one, and every run boots
    process::TemporaryFolder folder;
    std::function<void(std::string_view)> on_progress;
    bool always_boot = false;
    std::chrono::milliseconds boot_patience{0};   ///< until the guest waits for its disk
    std::chrono::milliseconds first_word{0};      ///< until the first event
    std::chrono::milliseconds more_wall{60'000};  ///< for the guest's own work, beside VmOrder::wall
};

/// The arena whose machine is a guest under QEMU. A run restores the snapshot of a booted guest; a restore of
/// which nothing comes makes it build the snapshot anew, and then boot. A machine that is lost while programs
/// run, or tells nonsense, is tried once more.
///
/// Other than in the cgroup arenas: job.on_started is never called (the program is no process of this
/// machine), Run::pid is 0 and Run::inner_pid the pid in the guest, job.readable is copied into the guest,
/// a stop of one contestant's job stops all, and all callbacks come on the calling thread.
class VmArena final : public Arena {
  public:
    explicit VmArena(VmParts parts) : parts_(std::move(parts)) {}

    [[nodiscard]] Kind kind() const override { return Kind::vm; }
    [[nodiscard]] process::Result<Outcome> run(const process::Sandbox& sandbox,
                                               const Request& request) const override;

    /// After a probe: notes in the cache that its state works.
    void remember_proof(unsigned memory_mib) const;

  private:
    struct Setting;
    [[nodiscard]] process::Result<SavedState> state(const Setting& setting,
                                                    const std::optional<SavedState>& bad) const;
    [[nodiscard]] Attempt restore(const Setting& setting, const SavedState& saved) const;
    [[nodiscard]] Attempt boot(const Setting& setting) const;
    /// The file itself, or a copy where QEMU's own user can reach it.
    [[nodiscard]] process::Result<std::filesystem::path> reachable(const process::Sandbox& sandbox,
                                                                   const std::filesystem::path& file,
                                                                   const std::string& name) const;
    void say(std::string_view line) const;

    VmParts parts_;
    mutable std::mutex copying_;  ///< held while a reachable copy is made
};

}  // namespace vmlab::arena
