#pragma once

#include <cstdint>

#include "vmlab/process/error.hpp"

namespace vmlab::guest {

/// Gives the machine so much swap, in RAM that the kernel compresses into (zram). Pages come back one at a
/// time: /proc/sys/vm/page-cluster is 0. machine_lacks: this kernel has no zram.
[[nodiscard]] process::Result<void> add_swap(std::uint64_t bytes);

}  // namespace vmlab::guest
