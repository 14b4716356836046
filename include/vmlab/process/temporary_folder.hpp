#pragma once

#include <filesystem>
#include <utility>

#include "vmlab/process/error.hpp"

namespace vmlab::process {

/// A folder of our own below the system's temporary folder, removed with everything in it on destruction.
/// Its name carries owner_tag(), so that what a crashed owner left can be told and removed.
class TemporaryFolder {
  public:
    /// Mode 0711: a program of another user can reach a file it knows the name of, but not list the folder.
    [[nodiscard]] static Result<TemporaryFolder> create();
    /// Removes the folders of owners that are no longer alive. Returns how many.
    static int remove_stale();
    /// Removes all folders of this process, also those in use: for a process that is about to end by a
    /// signal. None is made any more, and what its threads do in those that there were fails. Returns how
    /// many.
    static int remove_own();

    TemporaryFolder(TemporaryFolder&& other) noexcept;
    TemporaryFolder& operator=(TemporaryFolder&& other) noexcept;
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

}  // namespace vmlab::process
