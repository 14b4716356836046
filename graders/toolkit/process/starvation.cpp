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

}  // namespace

std::chrono::nanoseconds Starvation::update() {
    const Clock::time_point now = Clock::now();
    const std::chrono::nanoseconds passed = now - latest_;
    latest_ = now;
    Times gained;
    std::map<pid_t, Times> seen;
    look_at(root_, gained, seen);
    threads_ = std::move(seen);
    // Who had a processor all the time was not starved, however many of its own threads waited.
    const std::chrono::nanoseconds waited = std::max<std::chrono::nanoseconds>(gained.waited, passed - due);
    starved_ += std::clamp(waited, std::chrono::nanoseconds(0),
                           std::max(passed - gained.ran, std::chrono::nanoseconds(0)));
    return starved_;
}

void Starvation::look_at(pid_t pid, Times& gained, std::map<pid_t, Times>& seen) const {
    std::error_code error;
    std::filesystem::directory_iterator thread(fmt::format("/proc/{}/task", pid), error);
    for (const std::filesystem::directory_iterator end; !error && thread != end; thread.increment(error)) {
        const auto id = static_cast<pid_t>(std::strtol(thread->path().filename().c_str(), nullptr, 10));
        const auto text = read_kernel_file(thread->path() / "schedstat");
        if (text && !seen.contains(id)) {
            char* rest = nullptr;
            Times times;
            times.ran = std::chrono::nanoseconds(std::strtoll(text->c_str(), &rest, 10));
            times.waited = std::chrono::nanoseconds(std::strtoll(rest, nullptr, 10));
            const auto before = threads_.find(id);
            gained.ran += times.ran - (before == threads_.end() ? Times{} : before->second).ran;
            gained.waited += times.waited - (before == threads_.end() ? Times{} : before->second).waited;
            seen[id] = times;
        }
        const auto children = read_kernel_file(thread->path() / "children");
        const char* position = children ? children->c_str() : "";
        for (char* rest = nullptr;; position = rest) {
            const long child = std::strtol(position, &rest, 10);
            if (rest == position || child <= 0) {
                break;
            }
            look_at(static_cast<pid_t>(child), gained, seen);
        }
    }
}

}  // namespace vmlab::process
