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

/// Gives a file or folder that root has just made to the owner of the folder it lies in, so that `sudo`
/// leaves nothing in a person's folders that this person cannot change. Follows no link. Without root's
/// rights: does nothing. For files of a person only: never for what student code must not change.
void give_to_owner_of_folder(const std::filesystem::path& path);

}  // namespace vmlab::process
