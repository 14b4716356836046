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

/// The number in a text; like the kernel, without regard to space around it.
inline std::optional<std::int64_t> number_of(const std::string& text) {
    std::int64_t number = 0;
    if (!(std::istringstream(text) >> number)) {
        return std::nullopt;
    }
    return number;
}

/// Whether, by reads from position `from` up to `to`, the kernel answered `number` for the program's own
/// oom_score. It works the score out at the first of them and hands out the rest of that text at the next
/// ones, if the program takes it in pieces.
inline bool answered(const SyscallRun& run, std::int64_t number, std::size_t from, std::size_t to) {
    std::string answer;
    for (std::size_t i = from; i < std::min(to, run.calls.size()); ++i) {
        const SystemCall& call = run.calls[i];
        if (!on_own(call, run, "oom_score")) {
            continue;
        }
        if (call.name == "read") {
            answer += call.data;
        } else {  // open, lseek, close: another answer begins
            answer = is_read(call) ? call.data : "";
        }
        if (number_of(answer) == number) {
            return true;
        }
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

/// The first write of another number than `adj` to anybody's oom_score_adj, refused or not; absent: of any.
inline const SystemCall* unasked_write(const SyscallRun& run, std::optional<std::int64_t> adj) {
    const auto found = std::find_if(run.calls.begin(), run.calls.end(), [&](const SystemCall& call) {
        return is_write(call) && call.path.ends_with("/oom_score_adj") &&
               (!adj || number_of(call.data) != adj);
    });
    return found == run.calls.end() ? nullptr : &*found;
}

/// Position of the write with which the kernel took `adj` as the program's own oom_score_adj.
inline std::optional<std::size_t> accepted_write(const SyscallRun& run, std::int64_t adj) {
    for (std::size_t i = 0; i < run.calls.size(); ++i) {
        const SystemCall& call = run.calls[i];
        if (is_write(call) && on_own(call, run, "oom_score_adj") && !call.failed() &&
            number_of(call.data) == adj) {
            return i;
        }
    }
    return std::nullopt;
}

/// strace's rows on files whose names begin with oom_, for a card. Empty when there is none.
inline std::string rows_about_scores(const SyscallRun& run) {
    std::string rows;
    for (const SystemCall& call : run.calls) {
        if (call.path.find("/oom_") != std::string::npos) {
            rows += call.row + "\n";
        }
    }
    return rows;
}

}  // namespace oom_score
