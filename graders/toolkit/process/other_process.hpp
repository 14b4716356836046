#pragma once

#include <sys/types.h>

#include "vmlab/process/descriptor.hpp"

// Facts about a process that is not ours to wait for.
namespace vmlab::process {

/// A pidfd: readable when the process ends. Empty: there is no such process, or no descriptor left.
[[nodiscard]] Descriptor open_pidfd(pid_t pid);

/// The first child of a process: bubblewrap's only child is the first process of the pid namespace. 0: none.
[[nodiscard]] pid_t first_child(pid_t parent);

/// Whether a process is past its last instruction: killed or exiting, or a zombie, or gone.
[[nodiscard]] bool is_dying(pid_t pid);

}  // namespace vmlab::process
