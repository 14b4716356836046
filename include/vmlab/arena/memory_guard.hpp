#pragma once

#include "vmlab/process/error.hpp"
#include "vmlab/process/sandbox.hpp"

namespace vmlab::arena {

/// What puts a memory cgroup around every run of a sandbox (Sandbox::guard_memory), so that one that wants
/// too much is ended by the kernel, which says so. Error of kind machine_lacks: no cgroup can be made here;
/// what and fix say why and which command helps.
[[nodiscard]] process::Result<process::MakeMemoryGuard> memory_guards();

}  // namespace vmlab::arena
