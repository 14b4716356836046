#pragma once

#include <string>
#include <string_view>

namespace vmlab::process {

/// "PID-STARTTIME" of this process: names what it owns (temporary folders, cgroups).
[[nodiscard]] std::string owner_tag();
/// Whether the process that owner_tag() named is still alive. False for text that is no tag.
[[nodiscard]] bool owner_is_alive(std::string_view tag);

}  // namespace vmlab::process
