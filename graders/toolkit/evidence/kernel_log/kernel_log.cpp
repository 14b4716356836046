#include "vmlab/evidence/kernel_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "evidence/kernel_log/log_sources.hpp"

namespace vmlab::evidence {

process::Result<KernelLog> KernelLog::open_at_end() {
    std::string obstacles;
    const auto opened = [&obstacles](process::Result<std::unique_ptr<LogSource>>& source) {
        if (!source) {
            obstacles += fmt::format("{}{}", obstacles.empty() ? "" : "; ", source.error().what);
        }
        return source.has_value();
    };
    if (auto source = open_kmsg(); opened(source)) {
        return KernelLog(std::move(*source));
    }
    if (auto source = open_journal(); opened(source)) {
        return KernelLog(std::move(*source));
    }
    for (const char* file : {"/var/log/syslog", "/var/log/kern.log", "/var/log/messages"}) {
        if (auto source = open_log_file(file); opened(source)) {
            return KernelLog(std::move(*source));
        }
    }
    return process::machine_lacks(fmt::format("the kernel's log cannot be read ({})", obstacles),
                                  "run as root, or join the group adm: sudo usermod -aG adm $USER");
}

std::string KernelLog::read_until_killed(const std::vector<pid_t>& pids, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    std::vector<OomKill> kills = parse_oom_kills(text_);
    const auto is_named = [&kills](pid_t pid) {
        return std::ranges::find(kills, pid, &OomKill::pid) != kills.end();
    };
    for (auto nap = std::chrono::milliseconds(1);; nap = std::min(nap * 2, std::chrono::milliseconds(50))) {
        const std::string records = source_->read_new();
        if (!records.empty()) {
            text_ += records;
            kills = parse_oom_kills(text_);
        }
        if (std::ranges::all_of(pids, is_named) || std::chrono::steady_clock::now() >= deadline) {
            return text_;
        }
        std::this_thread::sleep_for(nap);
    }
}

}  // namespace vmlab::evidence
