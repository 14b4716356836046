#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>

#include "evidence/syscalls/strace_row.hpp"
#include "evidence/text.hpp"
#include "vmlab/evidence/syscalls.hpp"

namespace vmlab::evidence {
namespace {

/// Every process and thread of the program's, as it sees them itself.
std::set<std::int64_t> own_pids(const SyscallLog& log) {
    std::set<std::int64_t> pids = {log.first_pid};
    for (const SystemCall& call : log.calls) {
        pids.insert(call.pid);
        if (is_one_of(call.name, {"clone", "clone3", "fork", "vfork"})) {
            pids.insert(call.result.value_or(call.pid));
        }
    }
    return pids;
}

/// What a call of the open family names, as far as strace knows: where it worked, what was opened.
std::string opened(const SystemCall& call) {
    if (call.name == "open" || call.name == "creat" || !call.failed() || call.arguments.empty()) {
        return call.path;
    }
    // The folder that a relative path starts from: "3</proc/7>", "AT_FDCWD</home>".
    return std::filesystem::path(descriptor_path(call.arguments[0])) / call.data;
}

/// The N of /proc/N/mem and /proc/N/fd/M, also by way of /proc/N/task/T.
std::optional<std::int64_t> owner_of_memory(const std::string& path) {
    const std::string normal = std::filesystem::path(path).lexically_normal().string();
    std::string_view rest = normal;
    if (!take(rest, "/proc/")) {
        return std::nullopt;
    }
    const auto pid = take_number<std::int64_t>(rest);
    if (!pid) {
        return std::nullopt;
    }
    if (take(rest, "/task/")) {
        (void)take_number<std::int64_t>(rest);
    }
    return rest == "/mem" || rest.starts_with("/fd/") ? pid : std::nullopt;
}

}  // namespace

std::optional<SystemCall> SyscallLog::intrusion() const {
    const std::set<std::int64_t> own = own_pids(*this);
    const auto found = std::ranges::find_if(calls, [&own](const SystemCall& call) {
        if (!is_one_of(call.name, {"open", "openat", "openat2", "creat"})) {
            return false;
        }
        const auto owner = owner_of_memory(opened(call));
        return owner && !own.contains(*owner);
    });
    return found == calls.end() ? std::nullopt : std::optional(*found);
}

}  // namespace vmlab::evidence
