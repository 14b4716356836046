#pragma once

#include <string>
#include <string_view>

namespace vmlab::process {

/// "NAMESPACE-PID-STARTTIME" of this process: names what it owns (temporary folders, cgroups). The pid
/// namespace is in it because a pid means nothing in another one: containers may share a /tmp or a hierarchy.
[[nodiscard]] std::string owner_tag();
/// Whether owner_tag() of this pid namespace gave `tag` to a process that is no longer there. False where
/// that cannot be told: for a tag of another namespace, for text that is no tag, where /proc cannot be read.
[[nodiscard]] bool owner_is_gone(std::string_view tag);

}  // namespace vmlab::process
