#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>

namespace vmlab::process {

/// Whether a run fills the disk: more than `bytes` or more than 20,000 files in its working folder and, of
/// its uid, directly in the folders that every user may write to. Takes some milliseconds, however much there
/// is. For runs whose folders are no tmpfs with a size.
[[nodiscard]] bool fills_disk(const std::filesystem::path& folder, uid_t uid, std::uint64_t bytes);

}  // namespace vmlab::process
