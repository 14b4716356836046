#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace vmlab::grading {

/// The text of a file that is UTF-16 in either order, with a byte order mark or evidently without one, as
/// UTF-8. Nothing when the bytes are not that. What is no UTF-16 within it becomes U+FFFD.
[[nodiscard]] std::optional<std::string> utf16_as_utf8(std::string_view bytes);

/// The text as an editor would show it: UTF-16 as UTF-8, without a byte order mark, every line ended by "\n".
[[nodiscard]] std::string plain_text(std::string_view bytes);

/// Where the first byte that is no UTF-8, or a NUL byte, lies: "line 3 holds the byte E9, which is no UTF-8".
[[nodiscard]] std::optional<std::string> odd_byte(std::string_view text);

/// What is odd about a source file's bytes, so that a compiler can make nothing of it: "is UTF-16". Nothing
/// where g++ reads the file as a person does (lines that end with CR alone too).
[[nodiscard]] std::optional<std::string> odd_encoding(std::string_view bytes);

}  // namespace vmlab::grading
