#pragma once

#include <string>

#include "vmlab/grading/result.hpp"

namespace vmlab::report {

/// JUnit XML: a testsuite for each activity, a testcase for each check with its points as properties; failed
/// becomes failure, cannot-judge skipped, grader-error and tamper-suspected error.
[[nodiscard]] std::string render_junit(const grading::Result& result);

}  // namespace vmlab::report
