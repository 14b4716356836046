#pragma once

#include <string>

#include "vmlab/grading/result.hpp"

namespace vmlab::report {

/// How a terminal or a log wants its text.
struct TextStyle {
    bool colour = false;   ///< ANSI colours
    bool unicode = false;  ///< marks and frames beyond ASCII
    int width = 100;       ///< columns
};

/// The result for a person: every check in a line, then the failure cards. What student code printed is shown
/// with control characters made visible.
[[nodiscard]] std::string render_text(const grading::Result& result, const TextStyle& style);

}  // namespace vmlab::report
