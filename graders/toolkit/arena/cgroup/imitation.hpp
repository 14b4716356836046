#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "arena/cgroup/hierarchy.hpp"
#include "vmlab/process/files.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::arena {

/// Tests only: plain files that stand in for a cgroup hierarchy which this machine does not have.
class Imitation {
  public:
    Imitation() : folder_(process::TemporaryFolder::create().value()) {}

    [[nodiscard]] const std::filesystem::path& root() const { return folder_.path(); }

    /// Makes the file, and the groups on the way to it.
    void put(const std::filesystem::path& file, std::string_view text = "") const {
        std::filesystem::create_directories((root() / file).parent_path());
        std::ofstream(root() / file) << text;
    }
    [[nodiscard]] std::string text_of(const std::filesystem::path& file) const {
        return process::read_kernel_file(root() / file).value_or("(no such file)");
    }

    /// What a process of `uid` in the group `own_group` would find with this mounted as `type`.
    [[nodiscard]] Surroundings seen_by(uid_t uid, const std::string& type, const std::string& options,
                                       const std::string& own_group = "/") const {
        return {.mounts = "none " + root().string() + " " + type + " " + options + " 0 0\n",
                .own_groups = "4:memory:/elsewhere\n0::" + own_group + "\n",
                .uid = uid,
                .swap = false};
    }

  private:
    process::TemporaryFolder folder_;
};

}  // namespace vmlab::arena
