#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "vmlab/process/error.hpp"

namespace vmlab::process {

/// The whole content of a regular file. An error when it cannot be read or is larger than max_bytes.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path,
                                            std::size_t max_bytes = 16U << 20U);

/// The whole content of a /proc or /sys file (whose size is reported as 0).
[[nodiscard]] Result<std::string> read_kernel_file(const std::filesystem::path& path);

/// Writes to a temporary name beside path and renames it: readers see the old content or the new, never a
/// part.
[[nodiscard]] Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// A folder of our own below the system's temporary folder, removed with everything in it on destruction.
/// Its name carries the owner's pid and start time, so that what a crashed owner left can be told and
/// removed.
class TemporaryFolder {
  public:
    /// Mode 0711: a program of another user can reach a file it knows the name of, but not list the folder.
    [[nodiscard]] static Result<TemporaryFolder> create();
    /// Removes the folders of owners that are no longer alive. Returns how many.
    static int remove_stale();

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

/// "PID-STARTTIME" of this process: names what it owns (temporary folders, cgroups).
[[nodiscard]] std::string owner_tag();
/// Whether the process that owner_tag() named is still alive. False for text that is no tag.
[[nodiscard]] bool owner_is_alive(std::string_view tag);

/// The first executable file of that name in PATH's usual folders, or an Error of kind machine_lacks that
/// names the Debian package to install.
[[nodiscard]] Result<std::filesystem::path> find_tool(std::string_view name, std::string_view debian_package);

}  // namespace vmlab::process
