#pragma once

#include <cstdio>
#include <string>

#include "vmlab/process/error.hpp"
#include "vmlab/report/text.hpp"

namespace vmlab::cli {

/// How text for this descriptor should look: colour only on a terminal, unless NO_COLOR is set (no-color.org)
/// or TERM is dumb; marks beyond ASCII only in a UTF-8 locale.
[[nodiscard]] report::TextStyle style_for(int descriptor);
[[nodiscard]] bool is_terminal(int descriptor);
/// Whether a line that was written there can be cleared and written anew: a terminal that knows control
/// sequences (TERM is not dumb).
[[nodiscard]] bool can_redraw(int descriptor);

/// Prints an error for a person: what happened, then what to do about it. Returns the exit status 2 (usage or
/// bad input).
int complain(const process::Error& error);

/// Writes everything to stdout. An Error when it could not be (a closed pipe, a full disk).
[[nodiscard]] process::Result<void> print(const std::string& text);

/// The end of a command whose whole output this is: prints it and returns `status`, or complains and returns
/// 2.
int finish_with(const std::string& text, int status = 0);

/// Writes what nobody must wait for (progress, a status line). A stream that does not take it is no error:
/// the command has more to do than to show how far it is.
void show(std::FILE* stream, const std::string& text);

/// Descriptors 0 to 2 that the caller closed would become the numbers of files that are opened later, and
/// output would end in those. Puts in their place what cannot be written to.
void occupy_standard_descriptors();

/// A text in bold or in an ANSI colour ("1", "31"), where the style has colour.
[[nodiscard]] std::string painted(const report::TextStyle& style, const std::string& text, const char* code);

}  // namespace vmlab::cli
