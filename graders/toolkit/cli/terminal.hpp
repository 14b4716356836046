#pragma once

#include <string>

#include "vmlab/process/error.hpp"
#include "vmlab/report/text.hpp"

namespace vmlab::cli {

/// How text for this descriptor should look: colour only on a terminal, unless NO_COLOR is set (no-color.org)
/// or TERM is dumb; marks beyond ASCII only in a UTF-8 locale.
[[nodiscard]] report::TextStyle style_for(int descriptor);
[[nodiscard]] bool is_terminal(int descriptor);

/// Prints an error for a person: what happened, then what to do about it. Returns the exit status 2 (usage or
/// bad input).
int complain(const process::Error& error);

/// Writes everything to stdout. False when it could not be (a closed pipe, a full disk).
[[nodiscard]] bool print(const std::string& text);

/// A text in bold or in an ANSI colour ("1", "31"), where the style has colour.
[[nodiscard]] std::string painted(const report::TextStyle& style, const std::string& text, const char* code);

}  // namespace vmlab::cli
