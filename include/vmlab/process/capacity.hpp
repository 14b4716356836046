#pragma once

#include <cstdint>
#include <filesystem>

namespace vmlab::process {

/// What one tool at work may need: g++ takes about 100 MiB for a program of the lab and up to 250 for one
/// that includes a lot, Valgrind about as much, QEMU with the smallest machine 300.
inline constexpr std::uint64_t memory_of_a_job = 400ULL << 20U;

/// How many tools this process may run at a time, at least 1: as many as there are processors that it may use
/// (sched_getaffinity(2)), within its cgroups' share of them (cpu.max, cpu.cfs_quota_us), and as the memory
/// of the machine and of its cgroups (memory.max, memory.limit_in_bytes) is enough for. Any thread may ask.
[[nodiscard]] int default_jobs();

/// The same of a machine with so many processors, whose /proc and /sys lie below `root`.
[[nodiscard]] int jobs_within(int processors, const std::filesystem::path& root);

}  // namespace vmlab::process
