#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vmlab/grading/activity.hpp"
#include "vmlab/grading/result.hpp"

namespace vmlab::corpus {

/// The corpus: every submission in this tree whose grade is known beforehand.
enum class Kind {
    solution,  ///< graders/NN-slug/solution: full points
    variant,   ///< graders/NN-slug/variants/NAME over the solution: full points
    starter,   ///< activities/NN-slug as shipped: below full points
    wrong,     ///< graders/NN-slug/wrong/NAME.toml: fails exactly the checks that it names
};

struct Case {
    std::string activity;  ///< "01-heap-growth"
    Kind kind = Kind::solution;
    std::string name;  ///< of the variant or the wrong submission

    /// "01-heap-growth.wrong.always-up".
    [[nodiscard]] std::string full_name() const;
};

/// Every case below SOURCE (the folder that holds activities/ and graders/), by activity and name.
[[nodiscard]] std::vector<Case> find_cases(const std::filesystem::path& source);
/// The activities that have a folder below SOURCE/graders: "01-heap-growth", ...
[[nodiscard]] std::vector<std::string> find_activities(const std::filesystem::path& source);

/// Puts the case's submission together in INTO/NN-slug/.
[[nodiscard]] process::Result<void> lay_out(const Case& each, const std::filesystem::path& source,
                                            const grading::Activity& activity,
                                            const std::filesystem::path& into);

/// Whether the corpus test grades a case of activity `activity` by all checks. Every case is, but for most
/// wrong submissions: of those the first of each check that it fails, by name, and the others by the checks
/// that they fail. (scripts/validity grades all of them whole, and so does VMLAB_CORPUS=whole.)
[[nodiscard]] process::Result<bool> is_graded_whole(const Case& each, const std::filesystem::path& source,
                                                    const grading::Activity& activity);

/// Runs a grader program on a submission and reads its result: of the checks named `only`, of all where none
/// is.
[[nodiscard]] process::Result<grading::Result> run_grader(const std::filesystem::path& grader,
                                                          const std::filesystem::path& submission,
                                                          const std::filesystem::path& result_file,
                                                          const std::vector<std::string>& only = {});

}  // namespace vmlab::corpus
