#pragma once

#include "vmlab/process/error.hpp"
#include "vmlab/process/limits.hpp"
#include "vmlab/process/run.hpp"

namespace vmlab::grading {

/// Whether g++ may have been ended by something else than what it read or the limits that it was given: by a
/// signal, for want of memory, of room, of a process. What it says counts as a hint only: the student's own
/// text could say the same.
[[nodiscard]] bool was_cut_off(const process::Run& run, const process::Limits& limits);

/// Of a g++ that failed though nothing else was running: an Error of kind machine_lacks when it was ended
/// below the limits that it was given, by something on this machine. No Error: the limits, or its own
/// messages, are the reason.
[[nodiscard]] process::Result<void> require_own_limit(const process::Run& run, const process::Limits& limits);

}  // namespace vmlab::grading
