#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "grading/corpus/edit.hpp"
#include "vmlab/grading/activity.hpp"

namespace vmlab::grading {

/// The files of a submission: name -> content.
using Files = std::map<std::string, std::string>;

/// A submission that is known to be wrong, as graders/NN-slug/wrong/NAME.toml describes it: what it changes
/// in the solution, and the checks that it has to fail. Where little of the solution is left, wrong/NAME/FILE
/// is a whole file of it.
struct WrongSubmission {
    std::string name;
    std::string why;
    std::vector<std::string> fails;               ///< exactly these checks do not pass
    std::map<std::string, std::string> reasons;   ///< check -> reason, where it is not wrong-result
    std::map<std::string, std::string> outcomes;  ///< check -> outcome, where it is not failed
    std::vector<std::string> without;             ///< files of the solution that the submission lacks
    std::vector<std::string> starter;             ///< files that are the starter's, not the solution's
    std::vector<Edit> edits;
    Files whole;

    /// "crashed", "tamper-suspected", ...: how the check has to end; "passed" when it is not in `fails`.
    [[nodiscard]] std::string outcome_of(const std::string& check) const;
    /// Of a check that fails.
    [[nodiscard]] std::string reason_of(const std::string& check) const;
};

/// The names in GRADER/wrong, sorted; GRADER is graders/NN-slug. A folder without its NAME.toml counts too:
/// reading that one says what is wrong.
[[nodiscard]] std::vector<std::string> wrong_submissions(const std::filesystem::path& grader);

/// Reads GRADER/wrong/NAME.toml and the whole files beside it. An Error names the file, the line where known,
/// and what is wrong: an unknown key, a check or file that the activity lacks, an edit that changes nothing,
/// a file that is changed in two ways.
[[nodiscard]] process::Result<WrongSubmission> read_wrong_submission(const std::filesystem::path& grader,
                                                                     const std::string& name,
                                                                     const Activity& activity);

/// The submitted files of a folder, such as GRADER/solution; those that it lacks are left out.
[[nodiscard]] process::Result<Files> submitted_files(const std::filesystem::path& folder,
                                                     const Activity& activity);

/// The files that make up the wrong submission. An Error when an edit does not fit the solution (or the
/// starter) as that is now, and when what comes out is the solution.
[[nodiscard]] process::Result<Files> files_of(const WrongSubmission& wrong,
                                              const std::filesystem::path& grader, const Activity& activity);

}  // namespace vmlab::grading
