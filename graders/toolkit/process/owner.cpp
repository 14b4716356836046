#include "vmlab/process/owner.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include "vmlab/process/files.hpp"

namespace vmlab::process {

namespace {

struct Owner {
    std::uint64_t pid_namespace = 0;  // 0: could not be told; the same for the others
    std::uint64_t pid = 0;
    std::uint64_t start_time = 0;  // field 22 of /proc/PID/stat, in clock ticks since boot (proc(5))
};

/// The inode number of the namespace's file (namespaces(7)); 0 where there is none.
std::uint64_t own_pid_namespace() {
    struct stat facts {};
    return ::stat("/proc/self/ns/pid", &facts) == 0 ? facts.st_ino : 0;
}

std::optional<std::uint64_t> start_time_in(std::string_view stat) {
    // The command's name, field 2, may hold spaces and parentheses: count from its closing one.
    std::size_t position = stat.rfind(')');
    for (int field = 2; field < 22 && position != std::string_view::npos; ++field) {
        position = stat.find(' ', position + 1);
    }
    if (position == std::string_view::npos) {
        return std::nullopt;
    }
    std::uint64_t ticks = 0;
    const auto [end, error] = std::from_chars(stat.data() + position + 1, stat.data() + stat.size(), ticks);
    return error == std::errc() ? std::optional(ticks) : std::nullopt;
}

std::optional<Owner> owner_in(std::string_view tag) {
    Owner owner;
    const char* next = tag.data();
    const char* const last = tag.data() + tag.size();
    for (std::uint64_t* number : {&owner.pid_namespace, &owner.pid, &owner.start_time}) {
        if (number != &owner.pid_namespace && (next == last || *next++ != '-')) {
            return std::nullopt;
        }
        const auto [end, error] = std::from_chars(next, last, *number);
        if (error != std::errc()) {
            return std::nullopt;
        }
        next = end;
    }
    return next == last ? std::optional(owner) : std::nullopt;
}

}  // namespace

std::string owner_tag() {
    const auto stat = read_kernel_file("/proc/self/stat").value_or("");
    return fmt::format("{}-{}-{}", own_pid_namespace(), ::getpid(), start_time_in(stat).value_or(0));
}

bool owner_is_gone(std::string_view tag) {
    const auto owner = owner_in(tag);
    if (!owner || owner->pid_namespace == 0 || owner->pid_namespace != own_pid_namespace()) {
        return false;
    }
    const std::string folder = fmt::format("/proc/{}", owner->pid);
    if (::access(folder.c_str(), F_OK) != 0) {
        return errno == ENOENT;
    }
    const auto stat = read_kernel_file(folder + "/stat");
    const auto started = stat ? start_time_in(*stat) : std::nullopt;
    return started && owner->start_time != 0 && *started != owner->start_time;
}

}  // namespace vmlab::process
