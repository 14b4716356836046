#pragma once

#include <chrono>
#include <filesystem>
#include <stop_token>

#include "arena/vm/image.hpp"
#include "arena/vm/machine.hpp"
#include "vmlab/process/error.hpp"
#include "vmlab/process/sandbox.hpp"

namespace vmlab::arena {

/// Boots the machine in the sandbox until its guest waits for a disk, and writes its state to a file in
/// `folder`, which must be empty and below a folder that every user can enter. machine_lacks: the guest does
/// not come so far; what holds the last lines of its console.
[[nodiscard]] process::Result<std::filesystem::path> take_snapshot(const process::Sandbox& sandbox,
                                                                   const Machine& machine,
                                                                   const GuestFiles& files,
                                                                   const std::filesystem::path& folder,
                                                                   std::chrono::milliseconds patience,
                                                                   const std::stop_token& stop = {});

}  // namespace vmlab::arena
