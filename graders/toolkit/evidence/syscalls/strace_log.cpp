#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "evidence/syscalls/sleep_clock.hpp"
#include "evidence/syscalls/strace_row.hpp"
#include "evidence/text.hpp"
#include "vmlab/evidence/syscalls.hpp"

namespace vmlab::evidence {
namespace {

constexpr std::size_t longest_row = 300;

void read_result(std::string_view text, SystemCall& call) {
    call.injected = text.find("(INJECTED)") != std::string_view::npos;
    if (!take(text, "?")) {
        if (take(text, "0x")) {
            const auto address = take_number<std::uint64_t>(text, 16);
            if (address) {
                call.result = static_cast<std::int64_t>(*address);
            }
        } else {
            call.result = take_number<std::int64_t>(text);
        }
        if (call.result != -1) {
            return;
        }
    }
    // "-1 EACCES (Permission denied)", "? ERESTARTSYS (To be restarted if SA_RESTART is set)"
    (void)take(text, " ");
    if (text.starts_with('E')) {
        call.error = text.substr(0, text.find(' '));
    }
}

SystemCall call_from(const StraceCall& parts, std::string_view row, int pid) {
    SystemCall call;
    call.pid = pid;
    call.name = parts.name;
    call.arguments.assign(parts.arguments.begin(), parts.arguments.end());
    call.row = row.substr(0, longest_row);
    if (row.size() > longest_row) {
        call.row += "...";
    }
    read_result(parts.result, call);

    const auto argument = [&call](std::size_t i) {
        return i < call.arguments.size() ? std::string_view(call.arguments[i]) : std::string_view();
    };
    call.path = descriptor_path(argument(0));
    if (is_one_of(call.name, {"read", "pread64", "write", "pwrite64", "openat", "openat2"})) {
        call.data = quoted_bytes(argument(1));
    } else if (is_one_of(call.name, {"writev", "pwritev", "pwritev2", "readv", "preadv", "preadv2"})) {
        call.data = all_quoted_bytes(argument(1));
    } else if (is_one_of(call.name, {"open", "creat", "execve"})) {
        call.data = quoted_bytes(argument(0));
    }
    if (is_one_of(call.name, {"openat", "openat2", "open", "creat"})) {
        call.path = descriptor_path(parts.result);
        if (call.path.empty()) {
            call.path = call.data;
        }
    }
    return call;
}

/// Rows carry a pid only while strace follows several processes. Tells whose an unmarked row is: the only
/// one's that is still there, or the first process's (0 until its pid is known).
class Writers {
  public:
    int writer_of(const StraceRow& row) {
        if (row.pid) {
            alive_.insert(*row.pid);
            if (std::ranges::find(seen_, *row.pid) == seen_.end()) {
                seen_.push_back(*row.pid);
            }
        }
        const int pid = row.pid ? *row.pid : alive_.size() == 1 ? *alive_.begin() : 0;
        if (row.kind == StraceRow::Kind::ended) {
            alive_.erase(pid);
            ended_.insert(pid);
        }
        return pid;
    }

    void note_child(std::int64_t pid) { children_.insert(pid); }
    /// What was begun while rows carried no pid, this one ended.
    void note_first(int pid) { first_ = pid; }

    /// The first process: the one that no other made. 0 when it was never marked.
    [[nodiscard]] int first() const {
        if (first_ != 0) {
            return first_;
        }
        const auto found = std::ranges::find_if(seen_, [this](int pid) { return !children_.contains(pid); });
        return found == seen_.end() ? 0 : *found;
    }

    [[nodiscard]] bool has_ended(int pid) const { return ended_.contains(pid); }

  private:
    std::set<int> alive_;
    std::set<int> ended_;
    std::vector<int> seen_;
    std::set<std::int64_t> children_;
    int first_ = 0;
};

struct Unfinished {
    std::string text;
    std::optional<std::chrono::nanoseconds> time;
};

/// The position behind the row that starts the program; 0 when there is none.
std::size_t start_of_program(const std::vector<SystemCall>& calls, std::string_view program) {
    const auto start = std::ranges::find_if(calls, [program](const SystemCall& call) {
        return call.name == "execve" && call.result == 0 && (program.empty() || call.data == program);
    });
    return start == calls.end() ? 0 : static_cast<std::size_t>(start - calls.begin()) + 1;
}

}  // namespace

SyscallLog parse_strace(std::string_view log, std::string_view program, ClocksAhead clocks_ahead) {
    SyscallLog parsed;
    std::vector<std::optional<std::chrono::nanoseconds>> times;
    std::map<int, Unfinished> unfinished;
    Writers writers;
    while (const auto line = next_line(log)) {
        const StraceRow row = read_strace_row(*line);
        const int pid = writers.writer_of(row);
        std::string joined;
        std::string_view text = row.text;
        auto time = row.time;
        if (row.kind == StraceRow::Kind::unfinished) {
            unfinished[pid] = {std::string(row.text), row.time};
            continue;
        }
        if (row.kind == StraceRow::Kind::resumed) {
            auto begun = unfinished.find(pid);
            if (begun == unfinished.end()) {
                begun = unfinished.find(0);
                if (begun == unfinished.end()) {
                    continue;
                }
                writers.note_first(pid);
            }
            joined = begun->second.text.append(row.text);
            text = joined;
            time = begun->second.time;
            unfinished.erase(begun);
        } else if (row.kind != StraceRow::Kind::call) {
            continue;
        }
        const auto parts = split_strace_call(text);
        if (!parts) {
            continue;
        }
        parsed.calls.push_back(call_from(*parts, text, pid));
        times.push_back(time);
        const SystemCall& call = parsed.calls.back();
        if (is_one_of(call.name, {"clone", "clone3", "fork", "vfork"}) && call.result.value_or(0) > 0) {
            writers.note_child(*call.result);
        }
    }

    const int first = writers.first();
    parsed.complete = writers.has_ended(first) || writers.has_ended(0);
    clocks_ahead.emplace("CLOCK_REALTIME", std::chrono::nanoseconds::zero());
    SleepClock clock(std::move(clocks_ahead));
    const std::size_t start = start_of_program(parsed.calls, program);
    for (std::size_t i = 0; i < parsed.calls.size(); ++i) {
        SystemCall& call = parsed.calls[i];
        if (call.pid == 0) {
            call.pid = first;
        }
        if (i >= start) {
            const Slept slept = clock.slept(call, times[i]);
            call.slept = slept.least;
            call.slack = slept.slack;
        }
    }
    parsed.calls.erase(parsed.calls.begin(), parsed.calls.begin() + static_cast<std::ptrdiff_t>(start));
    return parsed;
}

}  // namespace vmlab::evidence
