#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/process/error.hpp"

namespace vmlab::grading {

/// What activity.toml says of one check.
struct CheckInfo {
    std::string name = {};   ///< the GoogleTest test's name
    std::string title = {};  ///< a sentence about the student's program
    int points = 0;
    std::string why = {};    ///< why it matters: what a card says when the check gives no reason of its own
    std::string needs = {};  ///< the check that has to pass first to make sense of this one; empty: none
};

/// A program that a grader builds from a submission.
struct ProgramInfo {
    std::string name;
    std::string source;  ///< a file of Activity::submit
};

struct Hint {
    std::string file;  ///< the submitted file that it is about; empty when there is only one
    std::string text;
};

/// One numbered exercise, as its activity.toml describes it.
struct Activity {
    int number = 0;
    std::string slug;
    std::string title;
    std::string summary;
    std::filesystem::path folder;
    std::vector<std::string> submit;  ///< plain file names
    std::vector<ProgramInfo> programs;
    std::vector<CheckInfo> checks;
    std::vector<Hint> hints;

    [[nodiscard]] int max_score() const;
    [[nodiscard]] std::string folder_name() const;  ///< "01-heap-growth"
    [[nodiscard]] const CheckInfo* check(std::string_view name) const;
};

/// Reads and validates FOLDER/activity.toml: an Error names the file, the line where known, and what is
/// wrong.
[[nodiscard]] process::Result<Activity> load_activity(const std::filesystem::path& folder);

/// Every activity below `activities`, by number. An Error when there is none or two share a number.
[[nodiscard]] process::Result<std::vector<Activity>> load_activities(const std::filesystem::path& activities);

}  // namespace vmlab::grading
