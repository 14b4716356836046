#include "arena/cgroup/hierarchy.hpp"

#include <unistd.h>

#include <algorithm>

#include "vmlab/process/files.hpp"

namespace vmlab::arena {

process::Result<Surroundings> Surroundings::read() {
    Surroundings surroundings;
    auto mounts = process::read_kernel_file("/proc/self/mounts");
    auto own_groups = process::read_kernel_file("/proc/self/cgroup");
    if (!mounts) {
        return tl::unexpected(mounts.error());
    }
    if (!own_groups) {
        return process::machine_lacks("this kernel has no cgroups (" + own_groups.error().what + ")",
                                      "use a kernel built with CONFIG_CGROUPS and CONFIG_MEMCG");
    }
    surroundings.mounts = std::move(*mounts);
    surroundings.own_groups = std::move(*own_groups);
    surroundings.uid = ::geteuid();
    const auto swaps = process::read_kernel_file("/proc/swaps");
    // The first row is the table's head.
    surroundings.swap = swaps && std::count(swaps->begin(), swaps->end(), '\n') > 1;
    return surroundings;
}

}  // namespace vmlab::arena
