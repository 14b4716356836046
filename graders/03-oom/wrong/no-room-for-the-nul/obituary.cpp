// obituary: find in a kernel log what the OOM killer wrote when it killed a process.
//
// usage: obituary PID < log

#include <fmt/core.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
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

/// Cuts the line down to what follows the first `end`. False, and nothing is cut, when there is no `end`.
bool cut_through(std::string& line, const std::string& end) {
    const std::size_t at = line.find(end);
    if (at == std::string::npos) {
        return false;
    }
    line.erase(0, at + end.size());
    return true;
}

/// The text of a kernel record, without what dmesg, syslogd or journald put before it. A line of another
/// program keeps its "program[pid]: " and therefore begins with none of the phrases that we look for.
std::string kernel_text(std::string line) {
    // The first ": " of a syslog or journal line ends the name of the program that spoke.
    const std::size_t speaker = line.find(": ");
    if (speaker != std::string::npos && line.substr(0, speaker).ends_with(" kernel")) {
        cut_through(line, ": ");
    }
    if (line.starts_with('<')) {
        // dmesg --raw: "<3>[    4.210051] text"
        cut_through(line, ">");
    } else if (!line.empty() && std::isdigit(static_cast<unsigned char>(line.front()))) {
        // /dev/kmsg: "3,512,4210051,-;text"
        // dmesg --time-format iso: "2026-11-21T01:00:27,868468+00:00 text"
        cut_through(line, line.find(';') < line.find(' ') ? ";" : " ");
    }
    // dmesg, dmesg -T: "[    4.210051] text", "[Sat Nov 21 01:00:27 2026] text"
    while (line.starts_with('[') && cut_through(line, "]")) {
        line.erase(0, line.find_first_not_of(' '));
    }
    return line;
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
    const std::size_t length = name_end - start;
    char* copy = new char[length];
    std::memcpy(copy, text.data() + start, length);
    copy[length] = '\0';
    kill.name = copy;
    delete[] copy;
    return kill;
}

/// The last OOM kill of `pid` in the log on `in`, or nothing when there is none.
std::optional<Obituary> find_last_kill(std::istream& in, int pid) {
    // What the kernel's mm/oom_kill.c prints, up to version 5.0, in two lines (the second may name a child):
    //     Out of memory: Kill process 12 (name) score 900 or sacrifice child
    //     Killed process 12 (name) total-vm:8kB, anon-rss:4kB, ...
    // and since 5.1 in one:
    //     Out of memory: Killed process 12 (name) total-vm:8kB, anon-rss:4kB, ...
    // "Memory cgroup out of memory" instead says that a cgroup was full.
    std::optional<Obituary> last;
    std::string announced_scope = "machine";
    std::string line;
    while (std::getline(in, line)) {
        std::string text = kernel_text(line);
        std::string scope;
        if (text.starts_with("Out of memory")) {
            scope = "machine";
        } else if (text.starts_with("Memory cgroup out of memory")) {
            scope = "cgroup";
        }
        if (!scope.empty()) {
            cut_through(text, ": ");
        }
        if (text.starts_with("Kill process ")) {
            announced_scope = scope;
        } else if (std::optional<Obituary> kill = parse_kill(text); kill && kill->pid == pid) {
            kill->scope = scope.empty() ? announced_scope : scope;
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
