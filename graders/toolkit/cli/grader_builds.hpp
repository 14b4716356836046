#pragma once

#include <vector>

#include "cli/place.hpp"
#include "vmlab/grading/activity.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::cli {

/// Sees to it that the graders of these activities are there, built from the sources as they are: a grader is
/// built when it is first asked for. Only scripts/lab can build: it says by VMLAB_LAB where it is, and by
/// VMLAB_KEY what an up-to-date target was built with. Its progress goes to stderr. Without it, graders that
/// are there are taken as they are. An Error: a grader is not there, or cannot be built; why stands on stderr
/// already.
[[nodiscard]] process::Result<void> build_graders(const Place& place,
                                                  const std::vector<grading::Activity>& activities);

}  // namespace vmlab::cli
