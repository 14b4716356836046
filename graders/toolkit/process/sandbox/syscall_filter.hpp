#pragma once

#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::process {

/// A memory file with the seccomp program that student code runs under: it refuses (EPERM) system calls that
/// reach into other processes, the kernel or namespaces and that no activity needs. Defence in depth: the
/// namespaces are the boundary.
[[nodiscard]] Result<Descriptor> make_syscall_filter();

}  // namespace vmlab::process
