// cgroup v2: one hierarchy for all controllers. Processes live only in leaves ("no internal processes"), and
// a group's memory controller works only when its parent hands it down in cgroup.subtree_control.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include <fmt/format.h>

#include "arena/cgroup/control_file.hpp"
#include "arena/cgroup/hierarchy.hpp"
#include "arena/cgroup/mounts.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::arena {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view home_name = "vmlab";
// Where the grader itself moves when it stands in the group that was delegated to it.
constexpr std::string_view own_leaf_name = "self";

bool may_write(const fs::path& path) {
    return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0;
}

bool lists(const fs::path& control_file, std::string_view controller) {
    const auto text = process::read_kernel_file(control_file);
    return text && has_word(*text, controller);
}

bool lists_memory(const fs::path& control_file) {
    return lists(control_file, "memory");
}

// The controllers that the groups below this one need and can have.
process::Result<void> hand_down(const fs::path& group) {
    const bool has_pids = lists(group / "cgroup.controllers", "pids");
    return write_control_file(group / "cgroup.subtree_control", has_pids ? "+memory +pids" : "+memory");
}

// Only the root of the whole hierarchy has no cgroup.events. The root that a container sees has one.
bool is_true_root(const fs::path& group) {
    return ::access((group / "cgroup.events").c_str(), F_OK) != 0;
}

class Hierarchy2 final : public Hierarchy {
  public:
    explicit Hierarchy2(fs::path base) : base_(std::move(base)) {}

    [[nodiscard]] Kind kind() const override { return Kind::cgroup2; }
    [[nodiscard]] fs::path home() const override { return base_ / home_name; }

    [[nodiscard]] process::Result<void> open_to_children(const fs::path& group) const override {
        if (group == home() && !lists_memory(base_ / "cgroup.subtree_control")) {
            if (auto made_room = hand_memory_down(); !made_room) {
                return made_room;
            }
        }
        return hand_down(group);
    }

    [[nodiscard]] process::Result<void> limit(const fs::path& group, std::uint64_t bytes) const override {
        if (auto limited = write_control_file(group / "memory.max", fmt::format("{}", bytes)); !limited) {
            return limited;
        }
        // Absent without swap accounting, and on kernels before 4.19.
        (void)write_control_file(group / "memory.swap.max", "0");
        (void)write_control_file(group / "memory.oom.group", "0");
        return {};
    }

    [[nodiscard]] process::Result<void> limit_processes(const fs::path& group,
                                                        std::uint64_t processes) const override {
        const fs::path file = group / "pids.max";
        return ::access(file.c_str(), F_OK) == 0 ? write_control_file(file, fmt::format("{}", processes))
                                                 : process::Result<void>();
    }

    [[nodiscard]] process::Result<std::uint64_t> oom_kills(const fs::path& group) const override {
        const auto text = process::read_kernel_file(group / "memory.events");
        if (!text) {
            return tl::unexpected(text.error());
        }
        const auto counter = counter_in(*text, "oom_kill");
        if (!counter) {
            return process::machine_lacks("this kernel does not count OOM kills in memory.events",
                                          "use Linux 4.13 or newer");
        }
        return *counter;
    }

    [[nodiscard]] std::optional<std::uint64_t> peak_bytes(const fs::path& group) const override {
        // Since 5.19.
        const auto text = process::read_kernel_file(group / "memory.peak");
        return text ? number_in(*text) : std::nullopt;
    }

  private:
    // The group was delegated to us with ourselves in it: everything in it moves to a leaf, so that the rule
    // of no internal processes lets it hand the memory controller down.
    [[nodiscard]] process::Result<void> hand_memory_down() const {
        const fs::path leaf = home() / own_leaf_name;
        if (::mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) {
            return process::failed_call("mkdir", leaf.string());
        }
        process::Result<void> enabled;
        // A process may fork while the list is being read: a few passes find its children too.
        for (int pass = 0; pass < 10; ++pass) {
            const auto pids = process::read_kernel_file(base_ / "cgroup.procs");
            for (const std::string& pid : words_in(pids.value_or(""))) {
                // One that has just ended cannot be moved and need not be.
                (void)write_control_file(leaf / "cgroup.procs", pid);
            }
            enabled = hand_down(base_);
            if (enabled) {
                return {};
            }
        }
        return enabled;
    }

    fs::path base_;
};

// The line "0::/PATH" of /proc/self/cgroup; "/" when there is none.
std::string own_group_path(std::string_view own_groups) {
    for (std::size_t start = 0; start < own_groups.size();) {
        const std::size_t end = std::min(own_groups.find('\n', start), own_groups.size());
        const std::string_view line = own_groups.substr(start, end - start);
        if (line.starts_with("0::/")) {
            return std::string(line.substr(3));
        }
        start = end + 1;
    }
    return "/";
}

// Root uses the root of what it sees; another user the group it stands in, if that was delegated to it.
fs::path base_group(const fs::path& root, const Surroundings& surroundings) {
    if (surroundings.uid == 0) {
        return root;
    }
    fs::path own = root / fs::path(own_group_path(surroundings.own_groups)).relative_path();
    if (own.filename() == own_leaf_name && own.parent_path().filename() == home_name) {
        own = own.parent_path().parent_path();
    }
    return own == root / "" ? root : own;
}

}  // namespace

process::Result<std::unique_ptr<Hierarchy>> find_cgroup2(const Surroundings& surroundings) {
    constexpr auto delegate = "systemd-run --user --scope -p Delegate=yes vmlab ...; or run vmlab as root";
    constexpr auto container = "in a container: docker run --privileged --cgroupns=private";
    for (const Mount& mount : parse_mounts(surroundings.mounts)) {
        if (mount.type != "cgroup2") {
            continue;
        }
        const fs::path base = base_group(mount.folder, surroundings);
        const std::string name = base.string();
        if (!lists_memory(base / "cgroup.controllers")) {
            if (!lists_memory(mount.folder / "cgroup.controllers")) {
                return process::machine_lacks(
                    fmt::format("{} has no memory controller", mount.folder.string()),
                    "boot with cgroup_enable=memory, or with systemd.unified_cgroup_hierarchy=1 where cgroup "
                    "v1 has it");
            }
            return process::machine_lacks(fmt::format("the memory controller was not delegated to {}", name),
                                          delegate);
        }
        const bool is_open = lists_memory(base / "cgroup.subtree_control");
        const bool writable = may_write(base) && may_write(base / "cgroup.procs") &&
                              (is_open || may_write(base / "cgroup.subtree_control"));
        if (!writable) {
            return surroundings.uid == 0
                       ? process::machine_lacks(fmt::format("no group may be made in {}", name), container)
                       : process::machine_lacks(fmt::format("{} was not delegated to this user", name),
                                                delegate);
        }
        if (!is_open && is_true_root(base)) {
            // The root belongs to the machine: a person has to change it.
            return process::machine_lacks(
                fmt::format("the memory controller is not enabled below {}", name),
                fmt::format("echo +memory | sudo tee {}/cgroup.subtree_control", name));
        }
        return std::make_unique<Hierarchy2>(base);
    }
    return process::machine_lacks("no cgroup v2 is mounted",
                                  fmt::format("mount -t cgroup2 none /sys/fs/cgroup; {}", container));
}

}  // namespace vmlab::arena
