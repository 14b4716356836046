#include "evidence/kernel_log/log_row.hpp"
#include "evidence/text.hpp"
#include "vmlab/evidence/kernel_log.hpp"

namespace vmlab::evidence {
namespace {

bool begins_as_kill(std::string_view text) {
    return text.starts_with("Out of memory") || text.starts_with("Memory cgroup out of memory") ||
           text.starts_with("Killed process ");
}

/// The number after "NAME:", wherever it stands in the rest of a record: kernels differ in what lies between.
template <class Number>
std::optional<Number> field(std::string_view text, std::string_view name) {
    const std::size_t at = text.find(name);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    text.remove_prefix(at + name.size());
    return take_number<Number>(text);
}

/// Takes "Out of memory[ (why)]: " or "Memory cgroup out of memory[ (why)]: " off the front.
std::optional<OomScope> take_scope(std::string_view& text) {
    std::string_view rest = text;
    std::optional<OomScope> scope;
    if (take(rest, "Memory cgroup out of memory")) {
        scope = OomScope::cgroup;
    } else if (take(rest, "Out of memory")) {
        scope = OomScope::machine;
    } else {
        return std::nullopt;
    }
    if (rest.starts_with(" (")) {
        const std::size_t end = rest.find(')');
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        rest.remove_prefix(end + 1);
    }
    if (!take(rest, ": ")) {
        return std::nullopt;
    }
    text = rest;
    return scope;
}

/// "Killed process 2606 (hog) total-vm:68268kB, anon-rss:65280kB, ...". Some kernels have ", UID 0," after
/// the name.
std::optional<OomKill> read_kill(std::string_view text) {
    OomKill kill;
    if (!take(text, "Killed process ")) {
        return std::nullopt;
    }
    const auto pid = take_number<pid_t>(text);
    if (!pid || *pid <= 0) {
        return std::nullopt;
    }
    kill.pid = *pid;
    // The name may hold anything, parentheses and " total-vm:" too; no field after it does.
    const std::size_t open = text.find('(');
    const std::size_t numbers = text.rfind(" total-vm:");
    if (open == std::string_view::npos || numbers == std::string_view::npos || numbers < open) {
        return std::nullopt;
    }
    const std::size_t close = text.rfind(')', numbers);
    if (close == std::string_view::npos || close < open) {
        return std::nullopt;
    }
    kill.name = text.substr(open + 1, close - open - 1);
    text.remove_prefix(numbers);
    const auto total_vm = field<std::uint64_t>(text, " total-vm:");
    const auto anon_rss = field<std::uint64_t>(text, " anon-rss:");
    if (!total_vm || !anon_rss) {
        return std::nullopt;
    }
    kill.total_vm_kb = *total_vm;
    kill.anon_rss_kb = *anon_rss;
    kill.file_rss_kb = field<std::uint64_t>(text, " file-rss:");
    kill.shmem_rss_kb = field<std::uint64_t>(text, " shmem-rss:");
    kill.pgtables_kb = field<std::uint64_t>(text, " pgtables:");
    kill.oom_score_adj = field<int>(text, " oom_score_adj:");
    return kill;
}

}  // namespace

std::vector<OomKill> parse_oom_kills(std::string_view log) {
    std::vector<OomKill> kills;
    // Until 5.0 the scope is in a line of its own, "Out of memory: Kill process ... or sacrifice child", and
    // the kills that follow it belong to it.
    OomScope announced = OomScope::machine;
    while (const auto line = next_line(log)) {
        std::string_view row = *line;
        if (row.ends_with('\r')) {
            row.remove_suffix(1);
        }
        auto text = kernel_text(row, begins_as_kill);
        if (!text) {
            continue;
        }
        const auto scope = take_scope(*text);
        if (scope && text->starts_with("Kill process ")) {
            announced = *scope;
        }
        auto kill = read_kill(*text);
        if (!kill) {
            continue;
        }
        kill->scope = scope.value_or(announced);
        kill->row = row;
        kills.push_back(std::move(*kill));
    }
    return kills;
}

}  // namespace vmlab::evidence
