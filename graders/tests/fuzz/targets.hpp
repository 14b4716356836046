#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// One function for each reader of bytes that student code has a say in. Each takes any bytes at all; what
/// must hold of the answer it requires. libFuzzer (fuzzer_main.cpp) and the unit test (replay_test.cpp) call
/// them.
namespace vmlab::fuzz {

/// What a target throws when a property does not hold.
class Finding : public std::logic_error {
  public:
    using std::logic_error::logic_error;
};

inline void require(bool holds, const char* property) {
    if (!holds) {
        throw Finding(property);
    }
}

void memcheck_xml(std::string_view input);
void allocation_trace(std::string_view input);
void strace_log(std::string_view input);
void kernel_log(std::string_view input);
void oom_report(std::string_view input);
void procfs(std::string_view input);
void answers(std::string_view input);
void program_output(std::string_view input);
void file_names(std::string_view input);
void renderers(std::string_view input);
void vm_events(std::string_view input);

struct Target {
    const char* name;
    void (*run)(std::string_view input);
};

/// The names are those in targets.txt.
inline const std::vector<Target> targets = {
    {"memcheck_xml", memcheck_xml}, {"allocation_trace", allocation_trace},
    {"strace_log", strace_log},     {"kernel_log", kernel_log},
    {"oom_report", oom_report},     {"procfs", procfs},
    {"answers", answers},           {"program_output", program_output},
    {"file_names", file_names},     {"renderers", renderers},
    {"vm_events", vm_events},
};

}  // namespace vmlab::fuzz
