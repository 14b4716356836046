#pragma once

#include <filesystem>
#include <memory>

#include "vmlab/arena/arena.hpp"

namespace vmlab::arena {

/// The arena that boots a real kernel under QEMU, where the whole machine runs out of memory. Its place is
/// kept: for now always an Error of kind machine_lacks.
[[nodiscard]] process::Result<std::unique_ptr<Arena>> open_vm(const process::Sandbox& sandbox);

}  // namespace vmlab::arena
