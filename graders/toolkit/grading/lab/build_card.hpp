#pragma once

#include <string>

#include "vmlab/grading/build.hpp"
#include "vmlab/grading/result.hpp"

namespace vmlab::grading {

/// The failure card of a program that does not compile: what the compiler said, or what is wrong with the
/// file's bytes where that is why. Every check of that program shows the same one.
[[nodiscard]] Card build_error_card(const std::string& source, const BuildOutcome& outcome,
                                    const std::string& content = {});

}  // namespace vmlab::grading
