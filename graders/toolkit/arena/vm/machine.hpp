#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "arena/vm/image.hpp"
#include "vmlab/process/error.hpp"
#include "vmlab/process/run.hpp"

namespace vmlab::arena {

/// The machine's only disk always has this size: the guest looks at it once, before the snapshot is taken.
inline constexpr std::uint64_t vm_disk_bytes = 512U << 20U;

/// What the guest's init writes to the console when it has nothing to do but to wait for its disk.
inline constexpr const char* vm_ready_line = "VMLAB-READY";

/// The guest's memory that holds so many bytes, in MiB: the machine's own snapshots are made for these sizes.
/// machine_lacks: more than any of them.
[[nodiscard]] process::Result<unsigned> vm_memory_mib(std::uint64_t bytes);

/// QEMU, where the distributions install it.
[[nodiscard]] process::Result<std::filesystem::path> find_qemu();
/// machine_lacks: it is older than any that was tried, or does not even say how old it is.
[[nodiscard]] process::Result<void> check_qemu_version(const std::filesystem::path& qemu);

/// An emulated machine without a network. The jobs below run it in the sandbox, as untrusted as a student's
/// program: one may have become the machine's master from inside. What the guest writes to its result port
/// is the job's standard output, its console is the job's standard error.
struct Machine {
    std::filesystem::path qemu;
    unsigned memory_mib = 128;

    /// Boots `files` with `disk`, a file of vm_disk_bytes.
    [[nodiscard]] process::Job boot(const GuestFiles& files, const std::filesystem::path& disk) const;
    /// Goes on from `state` with `disk` in the place of the empty one.
    [[nodiscard]] process::Job restore(const std::filesystem::path& state,
                                       const std::filesystem::path& disk) const;
    /// Boots with an empty disk and writes the state of the waiting guest to `folder`/state. `folder` is made
    /// the run's own; the guest's console is in `folder`/console, QEMU's complaints in `folder`/errors.
    [[nodiscard]] process::Job snapshot(const GuestFiles& files, const std::filesystem::path& folder) const;
};

/// The last lines of a console, printable, or "(nothing)".
[[nodiscard]] std::string last_lines(const std::string& console);

}  // namespace vmlab::arena
