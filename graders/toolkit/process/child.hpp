#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vmlab/process/error.hpp"

namespace vmlab::process {

/// What the forked child needs before it becomes another program.
struct ChildPlan {
    std::vector<std::string> argv;                        ///< argv[0]: absolute path
    std::optional<std::vector<std::string>> environment;  ///< "NAME=value"; absent: the grader's own
    std::map<int, int>
        descriptors;  ///< descriptor in the child -> descriptor of ours; all others are closed on exec
    std::vector<std::filesystem::path> cgroups;
    std::optional<int> oom_score_adj;
    bool ends_with_us = false;  ///< SIGTERM when the thread that started it ends (prctl(2), PR_SET_PDEATHSIG)
    std::filesystem::path folder;  ///< working folder; empty: ours
};

/// Forks and executes. The child that cannot do all of it exits with status 126 after a line on its stderr.
/// Returns its pid, which the caller reaps.
[[nodiscard]] Result<pid_t> start_child(const ChildPlan& plan);

}  // namespace vmlab::process
