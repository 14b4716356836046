// obituary: find in a kernel log what the OOM killer wrote when it killed a process.
//
// usage: obituary PID < log

#include <fmt/core.h>

#include <cctype>
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

/// Reads "Killed process 12 (name) total-vm:8kB, anon-rss:4kB, ...". A name may hold any character, but
/// nothing that follows it can be chosen by the process: its end is the last ") total-vm:".
std::optional<Obituary> parse_kill(const std::string& text) {
    Obituary kill;
    int name_start = 0;
    const std::size_t name_end = text.rfind(") total-vm:");
    if (name_end == std::string::npos ||
        std::sscanf(text.c_str(), "Killed process %d (%n", &kill.pid, &name_start) != 1 || name_start == 0 ||
        std::sscanf(text.c_str() + name_end, ") total-vm:%lukB, anon-rss:%lukB", &kill.total_vm_kb,
                    &kill.anon_rss_kb) != 2) {
        return std::nullopt;
    }
    const auto start = static_cast<std::size_t>(name_start);
    kill.name = text.substr(start, name_end - start);
    return kill;
}

/// The last OOM kill of `pid` in the log on `in`, or nothing when there is none.
std::optional<Obituary> find_last_kill(std::istream& in, int pid) {
    std::optional<Obituary> last;
    std::string scope = "machine";
    std::string line;
    while (std::getline(in, line)) {
        if (line.find("ut of memory") != std::string::npos) {
            scope = line.find("Memory cgroup") != std::string::npos ? "cgroup" : "machine";
        }
        const std::size_t killed = line.find("Killed process ");
        if (killed == std::string::npos) {
            continue;
        }
        std::optional<Obituary> kill = parse_kill(line.substr(killed));
        if (kill && kill->pid == pid) {
            kill->pid = pid;
            kill->scope = scope;
            last = kill;
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
