#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "vmlab/grading/activity.hpp"
#include "vmlab/grading/result.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::cli {

/// What vmlab remembers of a person's work between two commands: the latest result of each activity and how
/// many hints were shown. For display only: no grade is ever taken from it.
class ProgressStore {
  public:
    explicit ProgressStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

    [[nodiscard]] std::optional<grading::ActivityResult> latest(const grading::Activity& activity) const;
    /// Remembers each activity of a result.
    process::Result<void> save(const grading::Result& result) const;

    [[nodiscard]] int hints_shown(const grading::Activity& activity) const;
    process::Result<void> set_hints_shown(const grading::Activity& activity, int count) const;

    /// Forgets all of one activity.
    void forget(const grading::Activity& activity) const;

  private:
    [[nodiscard]] std::filesystem::path result_file(const std::string& folder_name) const;
    [[nodiscard]] std::filesystem::path hints_file(const grading::Activity& activity) const;
    process::Result<void> write(const std::filesystem::path& file, const std::string& text) const;

    std::filesystem::path folder_;
};

}  // namespace vmlab::cli
