#pragma once

#include <vector>

#include "vmlab/arena/arena.hpp"
#include "vmlab/evidence/kernel_log.hpp"

namespace vmlab::arena {

/// Whether the kernel may have OOM-killed the program itself: it counted a kill, and either the program was
/// killed by a SIGKILL that was not ours, or we stopped it because the contest was over and may have come too
/// late.
[[nodiscard]] bool may_be_oom_killed(const ContestantResult& contestant);

/// Fills oom_killed and log_record of contestants whose run, oom_kills and died_as are known, and corrects
/// died_as among those that the log names, to the kernel's own order.
///
/// log_is_trusted: this log is known to name our processes by the pids that we know. Then a kill of another
/// pid, while the contestant's own is not named, tells that the counter rose for a child of the program. And
/// a contestant that we stopped, but that the log names, had been killed before our stop came: its run is
/// corrected so (the OOM killer logs no kill of what is already dying).
void judge(std::vector<ContestantResult>& contestants, const std::vector<evidence::OomKill>& log,
           bool log_is_trusted);

}  // namespace vmlab::arena
