#pragma once

#include <optional>
#include <string_view>

namespace vmlab::evidence {

/// Whether a text of the kernel's begins as one that the reader looks for.
using BeginsAs = bool (*)(std::string_view text);

/// The kernel's words in a row of a log: the kernel's own format (/dev/kmsg), dmesg's, rsyslog's (both time
/// stamps), busybox's, journalctl's. Nothing when the words are not the kernel's. Rows of dmesg's forms say
/// nothing about who wrote them: they count when they begin as the reader expects.
[[nodiscard]] std::optional<std::string_view> kernel_text(std::string_view row, BeginsAs begins);

}  // namespace vmlab::evidence
