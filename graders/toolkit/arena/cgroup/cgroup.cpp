#include "arena/cgroup/cgroup.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "arena/cgroup/control_file.hpp"
#include "vmlab/process/files.hpp"
#include "vmlab/process/owner.hpp"

namespace vmlab::arena {
namespace {

using namespace std::chrono_literals;

std::vector<std::filesystem::path> groups_below(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> groups;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        std::error_code ignored;
        if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) {
            groups.push_back(entry->path());
        }
    }
    return groups;
}

void kill_processes(const std::filesystem::path& folder) {
    // Kernels before 5.14 and cgroup v1 have no cgroup.kill: there the kill is repeated until no pid is left,
    // so that a process forked meanwhile dies too.
    (void)write_control_file(folder / "cgroup.kill", "1");
    const auto pids = process::read_kernel_file(folder / "cgroup.procs");
    if (!pids) {
        return;
    }
    for (const std::string& word : words_in(*pids)) {
        const auto pid = number_in(word);
        if (pid && *pid > 1 && static_cast<pid_t>(*pid) != ::getpid()) {
            ::kill(static_cast<pid_t>(*pid), SIGKILL);
        }
    }
}

bool remove_until(const std::filesystem::path& folder, std::chrono::steady_clock::time_point deadline) {
    for (auto pause = 1ms;; pause = std::min<std::chrono::milliseconds>(pause * 2, 50ms)) {
        // Without a process of ours in it, the group is gone at the first try.
        if (::rmdir(folder.c_str()) == 0 || errno == ENOENT) {
            return true;
        }
        kill_processes(folder);
        for (const auto& group : groups_below(folder)) {
            remove_until(group, deadline);
        }
        if (::rmdir(folder.c_str()) == 0 || errno == ENOENT) {
            return true;
        }
        if (std::chrono::steady_clock::now() >= deadline) {
            return false;
        }
        std::this_thread::sleep_for(pause);
    }
}

}  // namespace

process::Result<Cgroup> Cgroup::make(std::filesystem::path folder) {
    if (::mkdir(folder.c_str(), 0755) != 0) {
        return process::failed_call("mkdir", folder.string());
    }
    return Cgroup(std::move(folder));
}

Cgroup& Cgroup::operator=(Cgroup&& other) noexcept {
    if (this != &other) {
        reset();
        folder_ = std::exchange(other.folder_, {});
    }
    return *this;
}

void Cgroup::reset() {
    if (!folder_.empty()) {
        remove_cgroup(folder_);
        folder_.clear();
    }
}

bool remove_cgroup(const std::filesystem::path& folder) {
    return remove_until(folder, std::chrono::steady_clock::now() + 2s);
}

std::string next_cgroup_name() {
    static std::atomic<unsigned> counter = 0;
    return fmt::format("{}.{}", process::owner_tag(), counter++);
}

bool is_own_cgroup_name(std::string_view name) {
    return name.starts_with(process::owner_tag() + ".");
}

bool is_stale_cgroup_name(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    return dot != std::string_view::npos && number_in(name.substr(dot + 1)) &&
           process::owner_is_gone(name.substr(0, dot));
}

}  // namespace vmlab::arena
