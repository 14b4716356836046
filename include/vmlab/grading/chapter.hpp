#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vmlab/grading/activity.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::grading {

/// Activities that belong together. Plain values: any thread may use them.
struct Chapter {
    std::string title;
    std::string why;                   ///< why it matters, and what it builds on
    std::vector<Activity> activities;  ///< in the order in which they are to be done
};

/// Reads ACTIVITIES/chapters.toml. An Error names the file, the line where known, and what is wrong: an
/// activity that does not exist, or that is in no chapter or in two.
[[nodiscard]] process::Result<std::vector<Chapter>> load_chapters(const std::filesystem::path& activities);

}  // namespace vmlab::grading
