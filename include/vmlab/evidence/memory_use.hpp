#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "vmlab/process/error.hpp"

// What of an address range is in RAM, read from outside. Any thread may call these; each reads /proc once.
// They need ptrace access to the process (ptrace(2), PTRACE_MODE_READ): root has it, an ordinary user for
// processes of their own. An Error when the process is gone or may not be read.

namespace vmlab::evidence {

/// One mapping's rows of /proc/PID/smaps (proc(5)), in bytes. The kernel merges neighbouring mappings that
/// are alike: compare differences, not sums.
struct RegionUse {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::uint64_t resident = 0;      ///< Rss
    std::uint64_t proportional = 0;  ///< Pss: a shared page counts in parts
    std::uint64_t shared = 0;        ///< Shared_Clean + Shared_Dirty
    std::uint64_t not_shared = 0;    ///< Private_Clean + Private_Dirty
    std::uint64_t anonymous = 0;     ///< Anonymous: no longer the file's
    std::uint64_t huge = 0;          ///< AnonHugePages
    std::uint64_t swapped = 0;       ///< Swap
    std::uint64_t locked = 0;        ///< Locked
};

/// The mapping that holds an address; absent when none does.
[[nodiscard]] process::Result<std::optional<RegionUse>> region_use(pid_t pid, std::uint64_t address);
[[nodiscard]] std::optional<RegionUse> parse_region(std::string_view smaps, std::uint64_t address);

/// The pages of an address range, counted in /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst).
struct PageUse {
    std::size_t pages = 0;      ///< that the range touches
    std::size_t present = 0;    ///< in RAM
    std::size_t swapped = 0;    ///< in swap
    std::size_t exclusive = 0;  ///< mapped by this process alone
    /// How many page frames they lie in. Absent: the kernel shows frame numbers to CAP_SYS_ADMIN only.
    std::optional<std::size_t> distinct_frames = std::nullopt;
};

[[nodiscard]] process::Result<PageUse> page_use(pid_t pid, std::uint64_t start, std::uint64_t bytes);

/// Which pages of a range are in RAM or in swap, in order.
[[nodiscard]] process::Result<std::vector<bool>> pages_that_exist(pid_t pid, std::uint64_t start,
                                                                  std::uint64_t bytes);

/// /proc/PID/auxv: type (AT_SYSINFO_EHDR, AT_PHDR, ..., getauxval(3)) to value.
[[nodiscard]] process::Result<std::map<std::uint64_t, std::uint64_t>> auxiliary_vector(pid_t pid);

}  // namespace vmlab::evidence
