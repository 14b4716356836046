// obituary: find in a kernel log what the OOM killer wrote when it killed a process.
//
// usage: obituary PID < log

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <regex>
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

/// The text of a kernel record, without what dmesg, syslogd or journald put before it. A line of another
/// program keeps its "program[pid]: " and therefore begins with none of the phrases that we look for.
std::string kernel_text(std::string line) {
    // The first ": " of a syslog or journal line ends the name of the program that spoke.
    const std::size_t speaker = line.find(": ");
    if (speaker != std::string::npos && line.substr(0, speaker).ends_with(" kernel")) {
        line.erase(0, speaker + 2);
    }
    // What is left may be "<3>[ 4.210051] text" (dmesg --raw), "[Sat Nov 21 01:00:27 2026] text" (dmesg -T),
    // "2026-11-21T01:00:27,868468+00:00 text" (dmesg --time-format iso) or "3,512,4210051,-;text"
    // (/dev/kmsg).
    static const std::regex stamp(R"(^(?:<\d+>|\d+,\d+,\d+,[^;]*;|[\d-]+T[\d:,.+-]+ )?(?:\[[^\]]*\] *)*)");
    return std::regex_replace(line, stamp, "", std::regex_constants::format_first_only);
}

/// The last OOM kill of `pid` in the log on `in`, or nothing when there is none.
std::optional<Obituary> find_last_kill(std::istream& in, int pid) {
    // mm/oom_kill.c prints, up to kernel 5.0:   "Out of memory: Kill process 12 (name) score 900 or sacrifice
    // child" and then, of the process or a child:      "Killed process 12 (name) total-vm:8kB, anon-rss:4kB,
    // ..." since 5.1 in a single line:               "Out of memory: Killed process 12 (name) total-vm:8kB,
    // ..." "Memory cgroup out of memory" says that a cgroup was full. A name may hold any character, ")" too:
    // the greedy (.*) runs up to the last ") total-vm:".
    static const std::regex announcement(R"((Memory cgroup o|O)ut of memory[^:]*: Kill process \d+ .*)");
    static const std::regex kill(R"((?:(Memory cgroup o|O)ut of memory[^:]*: )?)"
                                 R"(Killed process (\d+) \((.*)\) total-vm:(\d+)kB, anon-rss:(\d+)kB.*)");
    const auto scope_of = [](const std::string& start) { return start == "O" ? "machine" : "cgroup"; };

    std::optional<Obituary> last;
    std::string announced_scope = "machine";
    std::string line;
    while (std::getline(in, line)) {
        const std::string text = kernel_text(line);
        std::smatch match;
        if (std::regex_match(text, match, announcement)) {
            announced_scope = scope_of(match[1]);
        } else if (std::regex_match(text, match, kill) && match[2] == std::to_string(pid)) {
            last = Obituary{pid, match[3], std::stoul(match[4]), std::stoul(match[5]),
                            match[1].matched ? scope_of(match[1]) : announced_scope};
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
