#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "vmlab/arena/arena.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::arena {

/// A tree of cgroups with the memory controller, in which we may make groups. The two versions differ in
/// where that is and in the names and formats of the control files; everything else is the same.
class Hierarchy {
  public:
    virtual ~Hierarchy() = default;
    [[nodiscard]] virtual Kind kind() const = 0;
    /// The group `vmlab`, in which all arenas are made. Exists only while it is needed.
    [[nodiscard]] virtual std::filesystem::path home() const = 0;

    /// Makes the memory controller work in the groups to be made below `group`, which must be ours; the one
    /// of processes too, where it is to be had.
    [[nodiscard]] virtual process::Result<void> open_to_children(
        const std::filesystem::path& group) const = 0;
    /// Limits the memory of `group` and of everything below it, without swap.
    [[nodiscard]] virtual process::Result<void> limit(const std::filesystem::path& group,
                                                      std::uint64_t bytes) const = 0;
    /// Limits the processes and threads of `group` and of everything below it, where the hierarchy can:
    /// version 1 has another one for that, and RLIMIT_NPROC must do.
    [[nodiscard]] virtual process::Result<void> limit_processes(const std::filesystem::path& group,
                                                                std::uint64_t processes) const = 0;
    /// How many processes of `group` the OOM killer has killed.
    [[nodiscard]] virtual process::Result<std::uint64_t> oom_kills(
        const std::filesystem::path& group) const = 0;
    /// The most memory ever charged to `group` and everything below it. Absent: this kernel does not keep it.
    [[nodiscard]] virtual std::optional<std::uint64_t> peak_bytes(
        const std::filesystem::path& group) const = 0;
};

/// What finding a hierarchy depends on: the text of /proc/self/mounts and /proc/self/cgroup, and the
/// effective uid.
struct Surroundings {
    std::string mounts;
    std::string own_groups;
    uid_t uid = 0;
    bool swap = false;  ///< whether this machine has any

    [[nodiscard]] static process::Result<Surroundings> read();
};

/// Each finds its version's hierarchy. Error of kind machine_lacks: what is in the way and which command
/// helps. Changes nothing.
[[nodiscard]] process::Result<std::unique_ptr<Hierarchy>> find_cgroup1(const Surroundings& surroundings);
[[nodiscard]] process::Result<std::unique_ptr<Hierarchy>> find_cgroup2(const Surroundings& surroundings);

}  // namespace vmlab::arena
