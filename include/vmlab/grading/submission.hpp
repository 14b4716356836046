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

/// Why a declared file was not taken. Names of files in it are fit to be shown.
struct Refusal {
    std::string what;        ///< "missing", "is a symbolic link: hand in the file itself", ...
    std::string found = {};  ///< what lies there instead, a line each
    std::string next = {};   ///< what to do
};

/// The files of one submission that an activity declares, copied to a folder of ours.
struct StagedSubmission {
    std::filesystem::path folder;    ///< holds the copies, read-only to student code
    std::vector<std::string> files;  ///< that were copied
    std::map<std::string, Refusal> refused;
    /// What a person should know of the files that were taken: a sentence each, fit to be shown. Mostly that
    /// one was found under another name or in another place than the one that was asked for.
    std::vector<std::string> notes;
};

/// What else is known of the lab that a submission is for.
struct Surroundings {
    std::vector<Activity> activities = {};  ///< whose files are never taken for this activity's
    std::filesystem::path starter = {};     ///< the activity's files as shipped; empty: not known
};

/// Copies each declared file of a submission: SUBMISSION/NN-slug/FILE, else SUBMISSION/FILE; where neither is
/// there, the one file that can be meant: the same name in a folder deeper (activities/NN-slug/FILE before
/// others), else a name that is like it (grading/handed_in/file_name.hpp). Unchanged starters stand back;
/// files of the same content are one; where several can be meant, none is taken. What was taken in place of
/// the exact one is told in `notes`. SUBMISSION may be a single file too. Regular files only: opened without
/// following links, size-capped, read once. An Error when SUBMISSION cannot be read, or is a file that the
/// activity does not ask for.
[[nodiscard]] process::Result<StagedSubmission> stage(const std::filesystem::path& submission,
                                                      const Activity& activity,
                                                      const std::filesystem::path& into,
                                                      const Surroundings& surroundings = {});

/// Whether a file of this name can be meant as one that the activity asks for.
[[nodiscard]] bool asks_for(const Activity& activity, const std::string& file_name);

}  // namespace vmlab::grading
