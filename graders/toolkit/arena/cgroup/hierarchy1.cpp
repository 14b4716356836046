// cgroup v1: the memory controller has a hierarchy of its own, usually writable by root alone.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include "arena/cgroup/control_file.hpp"
#include "arena/cgroup/hierarchy.hpp"
#include "arena/cgroup/mounts.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::arena {
namespace {

class Hierarchy1 final : public Hierarchy {
  public:
    Hierarchy1(std::filesystem::path root, bool swap) : root_(std::move(root)), swap_(swap) {}

    [[nodiscard]] Kind kind() const override { return Kind::cgroup1; }
    [[nodiscard]] std::filesystem::path home() const override { return root_ / "vmlab"; }

    [[nodiscard]] process::Result<void> open_to_children(const std::filesystem::path& group) const override {
        // Kernels before 5.11 may leave children out of a group's limit unless told so; later ones always
        // count them.
        const auto hierarchical = process::read_kernel_file(group / "memory.use_hierarchy");
        if (hierarchical && number_in(*hierarchical) == 0U) {
            return write_control_file(group / "memory.use_hierarchy", "1");
        }
        return {};
    }

    [[nodiscard]] process::Result<void> limit(const std::filesystem::path& group,
                                              std::uint64_t bytes) const override {
        auto limited = write_control_file(group / "memory.limit_in_bytes", fmt::format("{}", bytes));
        if (!limited) {
            return limited;
        }
        // Without swap accounting (swapaccount=0) there is no memsw file: then swappiness 0 must do.
        (void)write_control_file(group / "memory.swappiness", "0");
        const auto memory_and_swap = group / "memory.memsw.limit_in_bytes";
        if (swap_ && ::access(memory_and_swap.c_str(), F_OK) == 0) {
            return write_control_file(memory_and_swap, fmt::format("{}", bytes));
        }
        return {};
    }

    [[nodiscard]] process::Result<void> limit_processes(const std::filesystem::path& /*group*/,
                                                        std::uint64_t /*processes*/) const override {
        return {};
    }

    [[nodiscard]] process::Result<std::uint64_t> oom_kills(
        const std::filesystem::path& group) const override {
        const auto text = process::read_kernel_file(group / "memory.oom_control");
        if (!text) {
            return tl::unexpected(text.error());
        }
        const auto counter = counter_in(*text, "oom_kill");
        if (!counter) {
            return process::machine_lacks("this kernel does not count OOM kills in memory.oom_control",
                                          "use Linux 4.13 or newer");
        }
        return *counter;
    }

    [[nodiscard]] std::optional<std::uint64_t> peak_bytes(const std::filesystem::path& group) const override {
        const auto text = process::read_kernel_file(group / "memory.max_usage_in_bytes");
        return text ? number_in(*text) : std::nullopt;
    }

  private:
    std::filesystem::path root_;
    bool swap_;
};

}  // namespace

process::Result<std::unique_ptr<Hierarchy>> find_cgroup1(const Surroundings& surroundings) {
    for (const Mount& mount : parse_mounts(surroundings.mounts)) {
        if (mount.type != "cgroup" || !mount.has("memory")) {
            continue;
        }
        // AT_EACCESS: what counts is the user that would make the group.
        if (::faccessat(AT_FDCWD, mount.folder.c_str(), W_OK, AT_EACCESS) != 0) {
            return process::machine_lacks(
                fmt::format("no group may be made in {} ({})", mount.folder.string(), std::strerror(errno)),
                "run vmlab as root; in a container: docker run --privileged");
        }
        return std::make_unique<Hierarchy1>(mount.folder, surroundings.swap);
    }
    return process::machine_lacks("no memory controller of cgroup v1 is mounted", {});
}

}  // namespace vmlab::arena
