#pragma once

#include <string>
#include <vector>

#include "vmlab/grading/activity.hpp"
#include "vmlab/grading/result.hpp"

namespace vmlab::grading {

/// The outcome of a check that the grader itself spoilt.
[[nodiscard]] CheckResult grader_error(const CheckInfo& check, std::string what);

/// A result counts as far as it agrees with activity.toml: its checks, in its order, each once and for its
/// points. `wanted`: the names of those that were asked for; none: all. A check that is missing, doubled or
/// unknown, or has other points, becomes a grader-error.
[[nodiscard]] std::vector<CheckResult> agreed_checks(const std::vector<CheckResult>& found,
                                                     const Activity& activity,
                                                     const std::vector<std::string>& wanted = {});

}  // namespace vmlab::grading
