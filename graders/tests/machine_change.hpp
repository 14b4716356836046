#pragma once

#include <sys/resource.h>

#include <filesystem>
#include <string>

/// Changes of the machine that one process and its children see, and nobody else. For Command::prepare: false
/// when this machine does not let us.
namespace vmlab::cli_tests {

/// Mounts made from here on are the process's own. Needs root.
[[nodiscard]] bool take_own_mounts();

/// In the place of a file, as far as it is there: something that can neither be opened nor executed.
[[nodiscard]] bool hide(const std::filesystem::path& file);
/// The files of a folder over those of another, as if the distribution had them there. (A file with a mount
/// of its own would not do: what is mounted below a system folder is hidden from programs.)
[[nodiscard]] bool lay_over(const std::filesystem::path& folder, const std::filesystem::path& files);
/// Everything below that folder is read-only; mounts below it that are not there are none to change.
[[nodiscard]] bool make_read_only(const std::filesystem::path& folder);
/// In the place of a folder: a file system in which nothing can be executed.
[[nodiscard]] bool forbid_execution(const std::filesystem::path& folder);
/// In the place of a folder: a file system of that size.
[[nodiscard]] bool make_small(const std::filesystem::path& folder, const std::string& size);

/// Gives up root, for a user that nobody is. Nothing to do for who is not root.
[[nodiscard]] bool become_ordinary();

[[nodiscard]] bool limit(__rlimit_resource resource, rlim_t value);
[[nodiscard]] bool switch_off_address_randomisation();
[[nodiscard]] bool switch_off_huge_pages();

}  // namespace vmlab::cli_tests
