#include "vmlab/process/owner.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <string>

#include "vmlab/process/files.hpp"

namespace vmlab::process {

namespace {

/// Field 22 of /proc/PID/stat: when the process started, in clock ticks since boot (proc(5)). Empty when
/// there is none.
std::string start_time(pid_t pid) {
    const auto stat = read_kernel_file(fmt::format("/proc/{}/stat", pid));
    if (!stat) {
        return {};
    }
    // The command's name, field 2, may hold spaces and parentheses: count from its closing one.
    std::size_t position = stat->rfind(')');
    for (int field = 2; field < 22 && position != std::string::npos; ++field) {
        position = stat->find(' ', position + 1);
    }
    if (position == std::string::npos) {
        return {};
    }
    const std::size_t end = stat->find(' ', position + 1);
    return stat->substr(position + 1, end - position - 1);
}

}  // namespace

std::string owner_tag() {
    const pid_t pid = ::getpid();
    return fmt::format("{}-{}", pid, start_time(pid));
}

bool owner_is_alive(std::string_view tag) {
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(tag.data(), tag.data() + tag.size(), pid);
    if (error != std::errc() || end == tag.data() + tag.size() || *end != '-') {
        return false;
    }
    const std::string started(end + 1, tag.data() + tag.size());
    return !started.empty() && started == start_time(pid);
}

}  // namespace vmlab::process
