#include <chrono>

#include "targets.hpp"
#include "vmlab/evidence/syscalls.hpp"

namespace vmlab::fuzz {

void strace_log(std::string_view input) {
    using std::chrono::nanoseconds;
    const evidence::SyscallLog log =
        evidence::parse_strace(input, {}, {{"CLOCK_MONOTONIC", std::chrono::seconds(-1'700'000'000)}});
    nanoseconds slept{};
    for (const evidence::SystemCall& call : log.calls) {
        require(call.slept >= nanoseconds{}, "nobody sleeps backwards");
        require(call.row.size() <= 303, "a row fits on a card");
        slept += evidence::sleep_requested(call);
    }
    require(log.slept() == slept, "all sleep is the sum of the calls'");
    for (const evidence::PacedLine& line : log.paced_lines()) {
        require(line.call < log.calls.size(), "a line is completed by a call");
        require(line.text.find('\n') == std::string::npos, "a line is one line");
        require(line.slept_before >= nanoseconds{}, "nobody sleeps backwards before a line");
    }
    (void)log.slept_after_last_line();
    (void)log.named("brk");
    if (const auto intrusion = log.intrusion()) {
        require(intrusion->name == "creat" || intrusion->name.starts_with("open"),
                "what intrudes opens a file");
    }
}

}  // namespace vmlab::fuzz
