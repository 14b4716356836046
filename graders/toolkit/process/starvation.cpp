#include "process/starvation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "vmlab/process/files.hpp"

namespace vmlab::process {

namespace {

/// Twice the time between two looks (collector.cpp). Later than that, we had no processor ourselves, and did
/// not see what came and went meanwhile.
constexpr std::chrono::seconds due{2};

/// The state in a line of /proc/PID/task/TID/stat: behind the name, which may hold anything.
char state_in(const std::string& stat) {
    const std::size_t name_end = stat.rfind(')');
    return name_end == std::string::npos || name_end + 2 >= stat.size() ? '?' : stat[name_end + 2];
}

}  // namespace

std::chrono::nanoseconds kept_waiting(const ThreadLook& before, const ThreadLook& now,
                                      std::chrono::nanoseconds passed) {
    const std::chrono::nanoseconds counted = now.waited - before.waited;
    // vfork(2) waits in state D for the program's own child.
    const bool stands = now.state == 'R' || (now.state == 'D' && !now.has_children);
    if (stands && now.state == before.state && now.turns == before.turns) {
        return std::max(counted, passed - (now.ran - before.ran));
    }
    return counted;
}

std::chrono::nanoseconds Starvation::update() {
    const Clock::time_point now = Clock::now();
    const std::chrono::nanoseconds passed = now - latest_;
    latest_ = now;
    Threads seen;
    look_at(root_, seen);
    std::chrono::nanoseconds ran{0};
    std::chrono::nanoseconds waited{0};
    for (const auto& [id, look] : seen) {
        const auto known = threads_.find(id);
        const ThreadLook before = known == threads_.end() ? ThreadLook{} : known->second;
        ran += look.ran - before.ran;
        waited += kept_waiting(before, look, passed);
    }
    threads_ = std::move(seen);
    // Who had a processor all the time was not starved, however many of its own threads waited.
    starved_ += std::clamp(std::max(waited, passed - due), std::chrono::nanoseconds(0),
                           std::max(passed - ran, std::chrono::nanoseconds(0)));
    return starved_;
}

void Starvation::look_at(pid_t pid, Threads& seen) {
    std::error_code error;
    std::filesystem::directory_iterator thread(fmt::format("/proc/{}/task", pid), error);
    for (const std::filesystem::directory_iterator end; !error && thread != end; thread.increment(error)) {
        const auto id = static_cast<pid_t>(std::strtol(thread->path().filename().c_str(), nullptr, 10));
        const auto schedstat = read_kernel_file(thread->path() / "schedstat");
        const auto stat = read_kernel_file(thread->path() / "stat");
        const auto children = read_kernel_file(thread->path() / "children");
        if (schedstat && !seen.contains(id)) {
            char* rest = nullptr;
            ThreadLook look;
            look.ran = std::chrono::nanoseconds(std::strtoll(schedstat->c_str(), &rest, 10));
            look.waited = std::chrono::nanoseconds(std::strtoll(rest, &rest, 10));
            look.turns = std::strtoull(rest, nullptr, 10);
            look.state = stat ? state_in(*stat) : '?';
            look.has_children = children && !children->empty();
            seen[id] = look;
        }
        const char* position = children ? children->c_str() : "";
        for (char* rest = nullptr;; position = rest) {
            const long child = std::strtol(position, &rest, 10);
            if (rest == position || child <= 0) {
                break;
            }
            look_at(static_cast<pid_t>(child), seen);
        }
    }
}

}  // namespace vmlab::process
