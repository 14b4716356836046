#include <algorithm>
#include <map>

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

/// How long each thread has asked to sleep so far.
class Sleepers {
  public:
    void note(const SystemCall& call) { total_[call.pid] += call.slept; }
    /// What the thread asked for since the last mark.
    [[nodiscard]] nanoseconds since_mark(int pid) const {
        const auto now = total_.find(pid);
        const auto then = marked_.find(pid);
        return (now == total_.end() ? nanoseconds{} : now->second) -
               (then == marked_.end() ? nanoseconds{} : then->second);
    }
    void mark() { marked_ = total_; }

  private:
    std::map<int, nanoseconds> total_;
    std::map<int, nanoseconds> marked_;
};

}  // namespace

std::vector<PacedLine> SyscallLog::paced_lines() const {
    std::vector<PacedLine> lines;
    const std::string output = standard_output(calls);
    if (output.empty()) {
        return lines;
    }
    Sleepers sleepers;
    std::string pending;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const SystemCall& call = calls[i];
        sleepers.note(call);
        if (!writes(call) || call.path != output || call.result.value_or(-1) <= 0) {
            continue;
        }
        const auto written = static_cast<std::size_t>(*call.result);
        for (const char c : std::string_view(call.data).substr(0, written)) {
            if (c != '\n') {
                pending.push_back(c);
                continue;
            }
            lines.push_back({std::move(pending), sleepers.since_mark(call.pid), i});
            pending.clear();
            sleepers.mark();
        }
    }
    return lines;
}

nanoseconds SyscallLog::slept_after_last_line() const {
    const std::vector<PacedLine> lines = paced_lines();
    if (lines.empty()) {
        return slept();
    }
    const std::size_t last = lines.back().call;
    nanoseconds sum{};
    for (std::size_t i = last + 1; i < calls.size(); ++i) {
        sum += calls[i].pid == calls[last].pid ? calls[i].slept : nanoseconds{};
    }
    return sum;
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
