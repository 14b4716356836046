#pragma once

#include <vector>

#include "vmlab/arena/arena.hpp"
#include "vmlab/evidence/kernel_log.hpp"

namespace vmlab::arena {

/// Whether the program was killed by a SIGKILL that was not ours.
[[nodiscard]] bool was_killed_by_someone(const process::Run& run);

/// Fills oom_killed and log_record of contestants whose run, oom_kills and died_as are known, and corrects
/// died_as among those that the log names: the kernel's order is exact, ours is when the runs were over.
///
/// log_is_trusted: this log is known to name our processes by the pids that we know. Then a kill of another
/// pid, while the contestant's own is not named, tells that the counter rose for a child of the program.
void judge(std::vector<ContestantResult>& contestants, const std::vector<evidence::OomKill>& log,
           bool log_is_trusted);

}  // namespace vmlab::arena
