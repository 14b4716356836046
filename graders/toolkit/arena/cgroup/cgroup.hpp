#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "vmlab/process/error.hpp"

namespace vmlab::arena {

/// Owns one cgroup that we made: what is in it is killed and the group is removed on destruction.
class Cgroup {
  public:
    /// Makes the group `folder`, whose parent must exist.
    [[nodiscard]] static process::Result<Cgroup> make(std::filesystem::path folder);

    Cgroup(Cgroup&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}
    Cgroup& operator=(Cgroup&& other) noexcept;
    Cgroup(const Cgroup&) = delete;
    Cgroup& operator=(const Cgroup&) = delete;
    ~Cgroup() { reset(); }

    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
    /// The file that a process writes its pid to in order to join.
    [[nodiscard]] std::filesystem::path processes() const { return folder_ / "cgroup.procs"; }

  private:
    explicit Cgroup(std::filesystem::path folder) : folder_(std::move(folder)) {}
    void reset();
    std::filesystem::path folder_;
};

/// Kills every process of a group and of the groups below it, waits until they are gone and removes the
/// groups. Works on v1 and v2. False when something is still there after two seconds.
bool remove_cgroup(const std::filesystem::path& folder);

/// The name of the next group of this process: "OWNER.COUNTER" with process::owner_tag().
[[nodiscard]] std::string next_cgroup_name();

/// Whether `name` was made by next_cgroup_name() in this pid namespace by a process that is no longer alive.
[[nodiscard]] bool is_stale_cgroup_name(std::string_view name);
/// Whether `name` was made by next_cgroup_name() in this very process.
[[nodiscard]] bool is_own_cgroup_name(std::string_view name);

}  // namespace vmlab::arena
