#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "vmlab/grading/activity.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::grading {

/// The largest file that a submission may hold.
inline constexpr std::uint64_t max_submitted_file_bytes = 1U << 20U;

/// The files of one submission that an activity declares, copied to a folder of ours. Nothing else of the
/// submission is ever looked at.
struct StagedSubmission {
    std::filesystem::path folder;    ///< holds the copies, read-only to student code
    std::vector<std::string> files;  ///< that were copied
    std::map<std::string, std::string>
        refused;  ///< file name -> why: missing, a link, no regular file, too large
};

/// Copies SUBMISSION/NN-slug/FILE, or SUBMISSION/FILE where there is no such folder, for each declared file.
/// Regular files only: opened without following links, size-capped, read once. An Error when SUBMISSION is no
/// folder.
[[nodiscard]] process::Result<StagedSubmission> stage(const std::filesystem::path& submission,
                                                      const Activity& activity,
                                                      const std::filesystem::path& into);

}  // namespace vmlab::grading
