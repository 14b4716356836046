#include "grading/lab/environment.hpp"

#include <sys/utsname.h>

#include <string>
#include <string_view>

#include "vmlab/process/tools.hpp"

namespace vmlab::grading {

namespace {

std::string first_line(std::string_view text) {
    return std::string(text.substr(0, text.find('\n')));
}

std::string version_of(std::string_view tool) {
    const auto found = process::find_tool(tool, tool);
    if (!found) {
        return "none";
    }
    const auto run = process::run_tool({found->string(), "--version"});
    return run && run->succeeded() ? first_line(run->out) : "unknown";
}

}  // namespace

Environment describe_machine() {
    Environment environment;
    utsname kernel{};
    if (uname(&kernel) == 0) {
        environment.kernel = kernel.release;
    }
    environment.valgrind = version_of("valgrind");
    environment.compiler = version_of("g++");
    return environment;
}

}  // namespace vmlab::grading
