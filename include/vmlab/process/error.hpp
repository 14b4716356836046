#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace vmlab::process {

/// Whose shortcoming an error is. Neither kind is ever the student's.
enum class ErrorKind {
    machine_lacks,  ///< this machine has no such tool, permission or facility: becomes cannot-judge
    failed,         ///< something that should have worked did not: becomes grader-error
};

/// An error at the boundary of a room: one sentence on what happened and one on what a person can do about
/// it.
struct Error {
    ErrorKind kind = ErrorKind::failed;
    std::string what;
    std::string fix;
};

template <class T>
using Result = tl::expected<T, Error>;

/// An Error of kind `failed` from errno: "open /path: No such file or directory".
[[nodiscard]] Error system_error(std::string_view call, std::string_view subject = {});

[[nodiscard]] tl::unexpected<Error> failed(std::string what, std::string fix = {});
[[nodiscard]] tl::unexpected<Error> machine_lacks(std::string what, std::string fix);
[[nodiscard]] tl::unexpected<Error> failed_call(std::string_view call, std::string_view subject = {});

}  // namespace vmlab::process
