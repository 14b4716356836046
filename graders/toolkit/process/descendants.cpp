#include "vmlab/process/descendants.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "vmlab/process/files.hpp"

namespace vmlab::process {

namespace {

using namespace std::chrono_literals;

bool is_zombie(pid_t pid) {
    const auto stat = read_kernel_file(fmt::format("/proc/{}/stat", pid));
    const std::size_t name_end = stat ? stat->rfind(')') : std::string::npos;
    return name_end == std::string::npos || stat->compare(name_end, 4, ") Z ") == 0;
}

void collect(pid_t pid, std::vector<pid_t>& found) {
    std::error_code error;
    std::filesystem::directory_iterator thread(fmt::format("/proc/{}/task", pid), error);
    for (const std::filesystem::directory_iterator end; !error && thread != end; thread.increment(error)) {
        const auto children = read_kernel_file(thread->path() / "children");
        const char* position = children ? children->c_str() : "";
        for (char* rest = nullptr;; position = rest) {
            const long child = std::strtol(position, &rest, 10);
            if (rest == position || child <= 0) {
                break;
            }
            collect(static_cast<pid_t>(child), found);
            if (!is_zombie(static_cast<pid_t>(child))) {
                found.push_back(static_cast<pid_t>(child));
            }
        }
    }
}

}  // namespace

void adopt_descendants() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

void end_descendants() {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    for (;;) {
        std::vector<pid_t> living;
        collect(::getpid(), living);
        if (living.empty() || std::chrono::steady_clock::now() >= deadline) {
            return;
        }
        for (const pid_t pid : living) {
            ::kill(pid, SIGKILL);
        }
        std::this_thread::sleep_for(2ms);
    }
}

}  // namespace vmlab::process
