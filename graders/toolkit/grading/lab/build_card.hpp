#pragma once

#include <string>

#include "vmlab/grading/build.hpp"
#include "vmlab/grading/result.hpp"

namespace vmlab::grading {

/// The failure card of a program that does not compile. Every check of that program shows the same one.
[[nodiscard]] Card build_error_card(const std::string& source, const BuildOutcome& outcome);

}  // namespace vmlab::grading
