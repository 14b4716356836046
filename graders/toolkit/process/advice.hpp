#pragma once

#include <string>
#include <string_view>

namespace vmlab::process {

/// What helps against a complaint of the kernel's or of a tool's that tells of the machine: a sentence with a
/// command where there is one. Empty: the complaint is of no known kind. It is advice only, never a verdict.
[[nodiscard]] std::string advice_on(std::string_view complaint);

}  // namespace vmlab::process
