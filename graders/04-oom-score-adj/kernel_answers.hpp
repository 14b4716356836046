#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include "vmlab/evidence/syscalls.hpp"

namespace oom_score {

using vmlab::evidence::SyscallRun;
using vmlab::evidence::SystemCall;

/// Whether the call worked on the program's own /proc/.../NAME. strace gives the path of the descriptor, in
/// which the kernel has replaced "self" by the pid.
inline bool on_own(const SystemCall& call, const SyscallRun& run, std::string_view name) {
    const auto in = [&call](const std::string& folder) {
        return call.path.starts_with("/proc/" + folder + "/");
    };
    const std::size_t slash = call.path.rfind('/');
    return slash != std::string::npos && call.path.substr(slash + 1) == name &&
           (in("self") || in("thread-self") || in(std::to_string(run.run.inner_pid)));
}

inline bool is_read(const SystemCall& call) {
    return call.name == "read" || call.name == "pread64" || call.name == "readv";
}

inline bool is_write(const SystemCall& call) {
    return call.name == "write" || call.name == "pwrite64" || call.name == "writev";
}

/// The number in what was read or written; like the kernel, without regard to space around it.
inline std::optional<std::int64_t> number_of(const SystemCall& call) {
    std::int64_t number = 0;
    if (!(std::istringstream(call.data) >> number))
        return std::nullopt;
    return number;
}

/// Whether, by a read from position `from` up to `to`, the kernel answered `number` for the program's own
/// oom_score.
inline bool answered(const SyscallRun& run, std::int64_t number, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < std::min(to, run.calls.size()); ++i) {
        const SystemCall& call = run.calls[i];
        if (is_read(call) && on_own(call, run, "oom_score") && number_of(call) == number)
            return true;
    }
    return false;
}

/// The first write of anything to the program's own oom_score_adj, refused or not.
inline const SystemCall* first_write_of_adj(const SyscallRun& run) {
    const auto found = std::find_if(run.calls.begin(), run.calls.end(), [&run](const SystemCall& call) {
        return is_write(call) && on_own(call, run, "oom_score_adj");
    });
    return found == run.calls.end() ? nullptr : &*found;
}

/// Position of the write with which the kernel took `adj` as the program's own oom_score_adj.
inline std::optional<std::size_t> accepted_write(const SyscallRun& run, std::int64_t adj) {
    for (std::size_t i = 0; i < run.calls.size(); ++i) {
        const SystemCall& call = run.calls[i];
        if (is_write(call) && on_own(call, run, "oom_score_adj") && !call.failed() && number_of(call) == adj)
            return i;
    }
    return std::nullopt;
}

/// strace's rows on files whose names begin with oom_, for a card. Empty when there is none.
inline std::string rows_about_scores(const SyscallRun& run) {
    std::string rows;
    for (const SystemCall& call : run.calls)
        if (call.path.find("/oom_") != std::string::npos)
            rows += call.row + "\n";
    return rows;
}

}  // namespace oom_score
