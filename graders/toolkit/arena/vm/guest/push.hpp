#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace vmlab::guest {

// What is done to the memory of a program that waits.

/// The kernel reclaims what it can of a cgroup's memory.
void reclaim_memory(const std::string& cgroup);

/// Changes one bit of the page numbered so (arena::Push::spoiled_page), wherever a process has such a page in
/// memory that is its own. Returns how many there were. 0 and the block's last page have one neighbour only,
/// and are none.
[[nodiscard]] std::uint64_t spoil_page(pid_t pid, std::uint64_t number);

}  // namespace vmlab::guest
