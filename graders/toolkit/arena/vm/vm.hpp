#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "arena/vm/cache.hpp"
#include "arena/vm/kernel.hpp"
#include "vmlab/arena/arena.hpp"

namespace vmlab::arena {

/// How the VM arena is opened. What is absent is found.
struct VmOptions {
    /// Called with a line each time that something takes long. Absent: such lines go to standard error where
    /// that is a terminal.
    std::function<void(std::string_view)> on_progress;
    bool always_boot = false;  ///< never restores a snapshot: to measure what that gains
    bool probe = true;         ///< false: not even a state that has never been tried is

    std::optional<std::filesystem::path> qemu;
    std::optional<Kernel> kernel;
    std::optional<std::filesystem::path> cache;  ///< default: vm_cache_folder()
    std::chrono::milliseconds boot_patience{45'000};
    std::chrono::milliseconds first_word{30'000};
};

/// The arena that runs a real kernel under QEMU, where the whole machine runs out of memory. Probed by a real
/// known kill; that this very snapshot works is remembered in the cache. machine_lacks: QEMU, the kernel or
/// another part is missing (fix: scripts/setup --vm), or the guest does not boot.
[[nodiscard]] process::Result<std::unique_ptr<Arena>> open_vm(const process::Sandbox& sandbox,
                                                              const VmOptions& options = {});

}  // namespace vmlab::arena
