#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "vmlab/evidence/oom_report.hpp"
#include "vmlab/report/text.hpp"

namespace vmlab::cli {

/// What the kernel's reports of OOM kills say, for a person: for each, the badness of every candidate, and a
/// sentence on why it was killed or not. `ours` are the pids of the programs under watch. Empty when there is
/// no report.
[[nodiscard]] std::string oom_story(const std::vector<evidence::OomReport>& reports,
                                    const std::vector<pid_t>& ours, const report::TextStyle& style);

}  // namespace vmlab::cli
