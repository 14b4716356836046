#pragma once

// The recorded logs of logs/, with a victim put in whose process id, name and sizes are drawn anew each time.

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "vmlab/grading/draw.hpp"
#include "vmlab/grading/grader.hpp"

namespace recorded_log {

/// Whom the kernel killed, as its log tells.
struct Victim {
    int pid = 0;
    std::string name;
    std::uint64_t total_vm_kb = 0;
    std::uint64_t anon_rss_kb = 0;
};

using vmlab::grading::drawn;

inline Victim any_victim() {
    static const std::vector<std::string> names{"hog",    "java",   "stress-ng-vm", "python3.11",
                                                "mysqld", "gcc-12", "node_exporter"};
    const std::uint64_t rss = drawn(4'000, 900'000);
    return {static_cast<int>(drawn(300, 99'999)), names[drawn(0, names.size() - 1)],
            rss + drawn(2'000, 900'000), rss};
}

inline std::string replaced(std::string text, const std::string& what, const std::string& with) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
        text.replace(at, what.size(), with);
    }
    return text;
}

/// A log of logs/ with the victim put in, and two other process ids (never the victim's).
struct Log {
    std::string text;
    int other_pid = 0;
    int spared_pid = 0;
};

inline Log recorded(const std::string& file, const Victim& victim) {
    std::ifstream in(vmlab::grading::lab().grader_folder() / "logs" / file);
    std::ostringstream text;
    text << in.rdbuf();
    if (text.str().empty()) {
        vmlab::grading::raise(
            {.what = "cannot read the recorded log " + file, .fix = "Restore it from the repository."});
    }
    Log log;
    log.other_pid = static_cast<int>(drawn(100'000, 199'999));
    log.spared_pid = static_cast<int>(drawn(200'000, 299'999));
    log.text = replaced(text.str(), "@PID@", std::to_string(victim.pid));
    log.text = replaced(log.text, "@NAME@", victim.name);
    log.text = replaced(log.text, "@VM@", std::to_string(victim.total_vm_kb));
    log.text = replaced(log.text, "@RSS@", std::to_string(victim.anon_rss_kb));
    log.text = replaced(log.text, "@OTHER@", std::to_string(log.other_pid));
    log.text = replaced(log.text, "@SPARED@", std::to_string(log.spared_pid));
    return log;
}

}  // namespace recorded_log
