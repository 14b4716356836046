#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/place.hpp"

namespace vmlab::cli {

/// Whether something is there, and if not, whether anything is lost by that.
enum class FindingState {
    works,
    not_needed,  ///< missing, but something else does its work, or no check needs it
    missing,
};

/// One thing that was tried, and what came of it.
struct Finding {
    std::string what;
    FindingState state = FindingState::missing;
    std::string found;
    std::string without = {};  ///< what is not judged where it is missing
    std::string fix = {};
};

/// What this machine can do for vmlab, each found out by doing it as a grader does: a program is built, run
/// in the sandbox and watched by every instrument and in every arena.
struct Examination {
    std::vector<Finding> findings;

    /// Nothing that a check needs is missing.
    [[nodiscard]] bool judges_everything() const;
};

/// Takes some seconds. `scratch`: an empty folder, where programs are built.
[[nodiscard]] Examination examine(const Place& place, const std::filesystem::path& scratch);

}  // namespace vmlab::cli
