#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace vmlab::process {

/// uids in a row, and as many gids of the same numbers.
struct IdRange {
    std::uint64_t first;
    std::uint64_t count;
};

/// Ids that runs can have in the user namespace of these maps (the texts of /proc/self/uid_map and gid_map):
/// far above those of people where such are mapped; a container may map only the lower 65,536. Nothing where
/// not even a thousand beyond root's own are mapped.
[[nodiscard]] std::optional<IdRange> range_for_runs(const std::string& uid_map, const std::string& gid_map);

}  // namespace vmlab::process
