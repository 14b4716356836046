#pragma once

#include <filesystem>
#include <vector>

#include "vmlab/grading/activity.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::cli {

/// Where this copy of vmlab finds its parts.
struct Place {
    std::filesystem::path root;   ///< the checkout
    std::filesystem::path build;  ///< the folder that holds the vmlab executable, graders/ and support/
    std::filesystem::path
        state;  ///< this person's progress in this checkout; outside it, so that no submission carries it

    [[nodiscard]] std::filesystem::path activities() const { return root / "activities"; }
    [[nodiscard]] std::filesystem::path support() const { return build / "support"; }
    [[nodiscard]] std::filesystem::path grader(const grading::Activity& activity) const;
    /// The starter files as shipped, which a student's work does not touch.
    [[nodiscard]] std::filesystem::path starter(const grading::Activity& activity) const;
};

/// From the running executable and the environment: XDG_STATE_HOME, and VMLAB_ROOT, which names another
/// checkout than the one that holds the executable.
[[nodiscard]] process::Result<Place> find_place();

/// The activities with these numbers, or all when there are none. An Error names the first number that is no
/// activity.
[[nodiscard]] process::Result<std::vector<grading::Activity>> choose(const Place& place,
                                                                     const std::vector<int>& numbers);

}  // namespace vmlab::cli
