#include "process/tool_environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace vmlab::process {

std::vector<std::string> tool_environment() {
    std::vector<std::string> environment{"LC_ALL=C",
                                         "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
    for (const char* name : {"HOME", "TMPDIR", "XDG_CACHE_HOME", "VMLAB_ROOT", "VMLAB_KERNEL",
                             "VMLAB_KERNEL_MODULES", "VMLAB_RECORD_RUNS", "VMLAB_PROFILE_RUNS"}) {
        if (const char* value = std::getenv(name)) {
            environment.push_back(std::string(name) + "=" + value);
        }
    }
    return environment;
}

void insist_on_tool_environment(char** argv) {
    std::vector<std::string> wanted = tool_environment();
    std::vector<char*> pointers;
    pointers.reserve(wanted.size() + 1);
    for (std::string& entry : wanted) {
        pointers.push_back(entry.data());
    }
    pointers.push_back(nullptr);

    std::vector<std::string> present;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        present.emplace_back(*entry);
    }
    std::vector<std::string> sorted = wanted;
    std::ranges::sort(sorted);
    std::ranges::sort(present);
    if (sorted != present) {
        ::execve("/proc/self/exe", argv, pointers.data());
    }
}

}  // namespace vmlab::process
