// obituary: find in a kernel log what the OOM killer wrote when it killed a process.
//
// usage: obituary PID < log

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

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
    std::optional<Obituary> last;
    std::string line;
    while (std::getline(in, line)) {
        // Nov 7 03:12:59 lab kernel: [44178.5] Out of memory: Killed process 12 (hog) total-vm:8kB,
        // anon-rss:4kB,
        std::istringstream stream(line);
        std::vector<std::string> words;
        for (std::string word; stream >> word;) {
            words.push_back(word);
        }
        if (words.size() > 14 && words[9] == "Killed" && words[11] == std::to_string(pid)) {
            last = Obituary{pid, words[12].substr(1, words[12].size() - 2), std::stoul(words[13].substr(9)),
                            std::stoul(words[14].substr(9)), "machine"};
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
