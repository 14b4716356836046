#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "vmlab/arena/arena.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::arena {

/// How one job is run: Sandbox::run, or a test's stand-in.
using Runner = std::function<process::Result<process::Run>(const process::Job&)>;

/// Runs the request's contestants, each on a thread of its own, in their order and until the contest is over;
/// returns what is known of each but the kernel's part (oom_killed, oom_kills, log_record). entrances[i] is
/// the cgroup.procs that contestant i joins. An Error when any of the runs was one.
[[nodiscard]] process::Result<std::vector<ContestantResult>> run_contest(
    const Runner& runner, const Request& request, const std::vector<std::filesystem::path>& entrances);

}  // namespace vmlab::arena
