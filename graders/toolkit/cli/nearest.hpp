#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vmlab::cli {

/// The name that was probably meant: the one that takes the fewest letters put in, left out or exchanged, if
/// that is at most a third of the longer name. Of equals the first. Any thread.
[[nodiscard]] std::optional<std::string> nearest(std::string_view name,
                                                 const std::vector<std::string>& known);

}  // namespace vmlab::cli
