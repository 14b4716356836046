#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vmlab/arena/arena.hpp"
#include "vmlab/process/sandbox.hpp"

namespace vmlab::grading {

/// The command line of a grader program, GoogleTest's own options taken out before.
struct GraderOptions {
    std::filesystem::path submission;
    std::optional<std::filesystem::path> result;
    int progress = -1;
    std::optional<std::filesystem::path> slots;
    int jobs = 0;  ///< 0: process::default_jobs()
    std::vector<std::string> only;
    std::filesystem::path root;  ///< the checkout; empty: to be found
    arena::KindChoice arena = arena::KindChoice::automatic;
    int most_seconds = 0;  ///< no run of the submission may take longer; 0: as long as its check gives it
    process::TierChoice tier = process::TierChoice::automatic;
};

/// An Error says what is wrong with the command line.
[[nodiscard]] process::Result<GraderOptions> parse_grader_options(const std::vector<std::string>& arguments);

[[nodiscard]] std::string grader_usage(const std::string& program);

}  // namespace vmlab::grading
