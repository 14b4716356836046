// obituary: find in a kernel log what the OOM killer wrote when it killed a process.
//
// usage: obituary PID < log

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

namespace {

constexpr int exit_usage = 2;

/// What the kernel wrote about one killed process.
struct Obituary {
    int pid = 0;
    std::string name;
    unsigned long total_vm_kb = 0;
    unsigned long anon_rss_kb = 0;
    std::string scope;  // "machine": all memory was used up; "cgroup": a memory cgroup reached its limit
};

/// The process id in `text`, or nothing when it is not a positive whole number.
std::optional<int> parse_pid(const std::string& text) {
    if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos) {
        return std::nullopt;
    }
    const int pid = std::atoi(text.c_str());
    return pid > 0 ? std::optional(pid) : std::nullopt;
}

/// The last OOM kill of `pid` in the log on `in`, or nothing when there is none.
std::optional<Obituary> find_last_kill(std::istream& in, int pid) {
    const std::string wanted = "Killed process " + std::to_string(pid) + " (";
    std::optional<Obituary> last;
    bool cgroup = false;
    std::string line;
    while (std::getline(in, line)) {
        // Other programs sign with "name[pid]: " or "name: " before anything of the kernel's can follow.
        const std::size_t memory = line.find("ut of memory");
        const std::size_t killed = line.find("Killed process ");
        const std::size_t start = std::min(memory, killed);
        const std::size_t colon = line.find(": ");
        if (start == std::string::npos || (colon < start && line.compare(colon - 6, 6, "kernel") != 0)) {
            continue;
        }
        if (memory < killed) {
            cgroup = memory >= 15 && line.compare(memory - 15, 15, "Memory cgroup o") == 0;
        }
        if (killed == std::string::npos || line.compare(killed, wanted.size(), wanted) != 0) {
            continue;
        }
        const std::size_t name = killed + wanted.size();
        const std::size_t end = line.rfind(") total-vm:");
        Obituary obituary{pid, line.substr(name, end - name), 0, 0, cgroup ? "cgroup" : "machine"};
        if (std::sscanf(line.c_str() + end, ") total-vm:%lukB, anon-rss:%lukB", &obituary.total_vm_kb,
                        &obituary.anon_rss_kb) == 2) {
            last = obituary;
        }
    }
    return last;
}

}  // namespace

int main(int argc, char** argv) {
    const std::optional<int> pid = argc == 2 ? parse_pid(argv[1]) : std::nullopt;
    if (!pid) {
        fmt::print(stderr, "obituary: give one process id\nusage: obituary PID < log\n");
        return exit_usage;
    }
    const std::optional<Obituary> found = find_last_kill(std::cin, *pid);
    if (!found) {
        fmt::print(stderr, "obituary: no OOM kill of {}\n", *pid);
        return EXIT_FAILURE;
    }
    fmt::print("killed {} ({}) total-vm={} anon-rss={} scope={}\n", found->pid, found->name,
               found->total_vm_kb, found->anon_rss_kb, found->scope);
    return EXIT_SUCCESS;
}
