#include <algorithm>
#include <map>
#include <set>

#include "evidence/syscalls/sleep_clock.hpp"
#include "evidence/syscalls/strace_row.hpp"
#include "vmlab/evidence/syscalls.hpp"

namespace vmlab::evidence {
namespace {

using std::chrono::nanoseconds;

/// What strace calls the file, pipe or socket that descriptor 1 was at first; empty when it is never
/// mentioned.
std::string standard_output(const std::vector<SystemCall>& calls) {
    for (const SystemCall& call : calls) {
        for (const std::string& argument : call.arguments) {
            if (argument.starts_with("1<")) {
                return descriptor_path(argument);
            }
        }
    }
    return {};
}

bool writes(const SystemCall& call) {
    return call.name == "write" || call.name == "writev" || call.name == "pwritev" || call.name == "pwritev2";
}

/// How long each thread has asked to sleep since the last mark.
class Sleepers {
  public:
    explicit Sleepers(int main_thread) : main_thread_(main_thread) {}

    void note(const SystemCall& call) {
        Slept& slept = since_mark_[call.pid];
        slept.least += call.slept;
        slept.slack += call.slack;
        if (call.name == "exit" || call.name == "exit_group") {
            ended_.insert(call.pid);
        }
    }
    /// What this thread asked for; where it did not sleep itself: the longest of the main thread's sleep,
    /// which may have set it to work, and of those that have ended, which it may have joined.
    [[nodiscard]] Slept of(int pid) const {
        const auto own = since_mark_.find(pid);
        Slept longest = own == since_mark_.end() ? Slept{} : own->second;
        if (longest.least + longest.slack > nanoseconds::zero()) {
            return longest;
        }
        std::set<int> others = ended_;
        others.insert(main_thread_);
        for (const int each : others) {
            const auto other = since_mark_.find(each);
            if (other != since_mark_.end() && other->second.least > longest.least) {
                longest = other->second;
            }
        }
        return longest;
    }
    void mark() {
        since_mark_.clear();
        ended_.clear();
    }

  private:
    int main_thread_;
    std::map<int, Slept> since_mark_;
    std::set<int> ended_;
};

struct Pace {
    std::vector<PacedLine> lines;
    Slept after_last;
};

Pace pace_of(const std::vector<SystemCall>& calls) {
    Pace pace;
    const std::string output = standard_output(calls);
    Sleepers sleepers(calls.empty() ? 0 : calls.front().pid);
    std::string pending;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const SystemCall& call = calls[i];
        sleepers.note(call);
        if (output.empty() || !writes(call) || call.path != output || call.result.value_or(-1) <= 0) {
            continue;
        }
        const auto written = static_cast<std::size_t>(*call.result);
        for (const char c : std::string_view(call.data).substr(0, written)) {
            if (c != '\n') {
                pending.push_back(c);
                continue;
            }
            const Slept slept = sleepers.of(call.pid);
            pace.lines.push_back({std::move(pending), slept.least, slept.slack, i});
            pending.clear();
            sleepers.mark();
        }
    }
    if (!pace.lines.empty()) {
        pace.after_last = sleepers.of(calls[pace.lines.back().call].pid);
    }
    return pace;
}

}  // namespace

std::vector<PacedLine> SyscallLog::paced_lines() const {
    return pace_of(calls).lines;
}

nanoseconds SyscallLog::slept_after_last_line() const {
    const Pace pace = pace_of(calls);
    return pace.lines.empty() ? slept() : pace.after_last.least;
}

nanoseconds SyscallLog::slack_after_last_line() const {
    return pace_of(calls).after_last.slack;
}

std::vector<SystemCall> SyscallLog::named(std::string_view name) const {
    std::vector<SystemCall> found;
    std::ranges::copy_if(calls, std::back_inserter(found),
                         [name](const SystemCall& call) { return call.name == name; });
    return found;
}

nanoseconds SyscallLog::slept() const {
    nanoseconds sum{};
    for (const SystemCall& call : calls) {
        sum += call.slept;
    }
    return sum;
}

}  // namespace vmlab::evidence
