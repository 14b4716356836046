#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "arena/vm/wire/wire.hpp"
#include "vmlab/arena/arena.hpp"

namespace vmlab::arena {

/// A request as the guest is told of it, and what its host has to do for it.
struct VmOrder {
    wire::Order order;
    std::vector<std::filesystem::path> files;  ///< to be copied into the guest
    std::uint64_t machine_bytes = 0;           ///< the memory that the guest must have
    std::chrono::milliseconds wall{0};         ///< more than all programs together may take
    std::uint64_t report_bytes = 0;            ///< no honest guest has more to tell
};

/// machine_lacks: the request asks for what only a sandbox on this machine can do (instruments' channels,
/// writable folders).
[[nodiscard]] process::Result<VmOrder> vm_order(const Request& request);

}  // namespace vmlab::arena
