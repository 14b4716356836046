#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/place.hpp"
#include "vmlab/grading/activity.hpp"
#include "vmlab/grading/result.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::cli {

/// What `vmlab grade` was asked for.
struct GradingOptions {
    std::filesystem::path submission;
    std::string arena = "auto";
    std::string isolation = "auto";
    int jobs = 0;  ///< tools at a time; 0: as many as this machine is good for (process::default_jobs)
    bool profile = false;  ///< say on stderr what was run, and what it took
};

/// Called as checks finish: activity, name of the check, outcome. From several threads, one at a time.
using OnCheck = std::function<void(const grading::Activity&, const std::string&, const std::string&)>;

/// Builds the graders that are not there yet, runs that of every activity, all at once, sharing the job
/// slots, and joins what they found. A grader that dies or writes no result gives grader-error for each of
/// its checks. An Error: no grader could be run at all.
[[nodiscard]] process::Result<grading::Result> grade(const Place& place,
                                                     const std::vector<grading::Activity>& activities,
                                                     const GradingOptions& options, const OnCheck& on_check);

}  // namespace vmlab::cli
