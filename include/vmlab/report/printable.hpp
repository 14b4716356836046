#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vmlab::report {

/// Text that no terminal, XML reader or log takes for a command: control characters (but newline) and bytes
/// that are not UTF-8 are shown as \xNN, a tab as spaces.
[[nodiscard]] std::string printable(std::string_view text);

/// Columns that printable text takes, one for each code point.
[[nodiscard]] std::size_t columns(std::string_view text);

/// The lines of a text, each cut at spaces to at most `width` columns; a longer word stays whole.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// Joins the lines of each paragraph into one, so that it can be wrapped anew. A line that begins with a
/// space or a tab is kept as it is (code), and so is an empty one.
[[nodiscard]] std::string reflowed(std::string_view text);

}  // namespace vmlab::report
