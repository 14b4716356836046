#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vmlab::evidence {

/// One row of strace's log, before its meaning.
struct StraceRow {
    enum class Kind {
        call,        ///< "NAME(ARGUMENTS) = RESULT"
        unfinished,  ///< "NAME(ARGUMENTS <unfinished ...>"
        resumed,     ///< "<... NAME resumed>ARGUMENTS) = RESULT"
        ended,       ///< "+++ exited with 0 +++", "+++ killed by SIGKILL +++"
        other,       ///< a signal, a message of strace's own
    };
    Kind kind = Kind::other;
    std::optional<int> pid;                        ///< "[pid 123]": only while strace follows several
    std::optional<std::chrono::nanoseconds> time;  ///< -ttt: since 1970
    std::string_view text;                         ///< without pid, time and the marks of its kind
};

[[nodiscard]] StraceRow read_strace_row(std::string_view line);

/// The parts of "NAME(ARGUMENTS) = RESULT".
struct StraceCall {
    std::string_view name;
    std::vector<std::string_view> arguments;
    std::string_view result;  ///< all that follows "= "
};

/// Nothing when the text is no whole call.
[[nodiscard]] std::optional<StraceCall> split_strace_call(std::string_view text);

/// The bytes that the first quoted string of an argument stands for; empty when there is none.
[[nodiscard]] std::string quoted_bytes(std::string_view argument);
/// The bytes of every quoted string, one after the other: an array of struct iovec.
[[nodiscard]] std::string all_quoted_bytes(std::string_view argument);
/// The path in a descriptor's "3</proc/1/status>"; empty when there is none.
[[nodiscard]] std::string descriptor_path(std::string_view argument);

}  // namespace vmlab::evidence
