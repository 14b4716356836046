#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace vmlab::cli {

/// What the graders run in their sandboxes, and what that takes, for whoever wants to know where the time of
/// a grading goes (`vmlab grade --profile`). Graders started while it lives write rows into a file of its
/// own.
class Profile {
  public:
    /// Sets this process's environment: before any thread is started. Not wanted: does nothing at all.
    Profile(bool wanted, const std::filesystem::path& scratch);
    ~Profile();
    Profile(const Profile&) = delete;
    Profile& operator=(const Profile&) = delete;

    /// Writes the table to stderr.
    void show() const;

  private:
    std::filesystem::path file_;
};

/// The table for the rows of such a file: a part for each grader, its runs in order, what they took together.
/// A row that cannot be read is left out.
[[nodiscard]] std::string profile_table(std::string_view rows);

}  // namespace vmlab::cli
