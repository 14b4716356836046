#pragma once

#include <cstdint>
#include <string_view>

#include "vmlab/process/error.hpp"

/// The guest as a machine: what its init does before and after everything else.
namespace vmlab::guest {

constexpr const char* disk = "/dev/vda";
constexpr const char* result_port = "/dev/vport";  ///< and its numbers: "/dev/vport1p1"
constexpr const char* cgroups = "/sys/fs/cgroup";

/// /proc, /sys, /dev, cgroup2, and folders of limited size for what is written while the guest runs.
[[nodiscard]] process::Result<void> mount_file_systems();

/// Every module of the folder, in the order of their names. A driver that this kernel has built in, or that
/// was there before, is no error.
[[nodiscard]] process::Result<void> load_modules(const char* folder);

/// From now on this process never waits for a page of its own and is never the OOM killer's choice; what it
/// starts inherits the latter.
void become_unkillable();

/// Makes the root file system as large as what it holds now and `more_bytes`: a program cannot fill the
/// machine with files.
void limit_files(std::uint64_t more_bytes);

/// UTC, milliseconds since 1970.
void set_clock(std::uint64_t unix_ms);

/// Milliseconds of the guest's time since some moment.
[[nodiscard]] std::uint64_t now_ms();
void sleep_ms(long milliseconds);

void say(std::string_view line);  ///< on the console

[[noreturn]] void power_off();

}  // namespace vmlab::guest
