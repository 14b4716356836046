#include <algorithm>

#include "evidence/text.hpp"
#include "vmlab/evidence/kernel_log.hpp"

namespace vmlab::evidence {
namespace {

void skip_blanks(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
}

/// Takes "[   12.345678] " and "[Sat Nov 21 01:00:26 2026] " off the front.
void skip_brackets(std::string_view& text) {
    while (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos)
            return;
        text.remove_prefix(end + 1);
        skip_blanks(text);
    }
}

/// syslog's facility is in a priority's upper bits (RFC 5424): 0 is the kernel, all others are programs.
bool is_kernels(unsigned priority) {
    return priority < 8;
}

bool begins_as_kill(std::string_view text) {
    return text.starts_with("Out of memory") || text.starts_with("Memory cgroup out of memory") ||
           text.starts_with("Killed process ");
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    for (skip_blanks(text); !text.empty(); skip_blanks(text)) {
        const std::string_view word = text.substr(0, text.find(' '));
        words.push_back(word);
        text.remove_prefix(word.size());
    }
    return words;
}

/// "2026-11-21T01:00:27.868468+00:00"
bool is_rfc3339(std::string_view word) {
    return word.size() >= 19 && word[4] == '-' && word[10] == 'T' && word[13] == ':';
}

/// Whether the kernel speaks in a row of syslogd or journalctl that begins like this: a time stamp, the host,
/// the tag. A word more than that belongs to a program that put "kernel:" into its own message.
bool tagged_by_kernel(std::string_view before_colon) {
    if (before_colon.starts_with('[')) {  // journalctl -o short-monotonic: "[    4.210051] HOST kernel"
        skip_brackets(before_colon);
        const auto words = words_of(before_colon);
        return words.size() == 2 && words[1] == "kernel";
    }
    const auto words = words_of(before_colon);
    if (words.empty() || words.back() != "kernel")
        return false;
    if (is_rfc3339(words.front()))
        return words.size() == 3;
    // "Nov 21 01:00:29 HOST kernel", and busybox's "Nov 21 01:00:29 HOST kern.err kernel".
    return words.size() == 5 || (words.size() == 6 && words[4].starts_with("kern."));
}

/// The kernel's words in a row of a log; nothing when they are not the kernel's.
std::optional<std::string_view> kernel_text(std::string_view row) {
    // "3,1334,33141200717,-;TEXT": /dev/kmsg.
    std::string_view rest = row;
    if (const auto priority = take_number<unsigned>(rest); priority && take(rest, ",")) {
        const std::size_t header_end = rest.find(';');
        if (header_end == std::string_view::npos || !is_kernels(*priority))
            return std::nullopt;
        return rest.substr(header_end + 1);
    }
    // "<3>[    4.210051] TEXT": dmesg --raw.
    if (take(row, "<")) {
        const auto priority = take_number<unsigned>(row);
        if (!priority || !take(row, ">") || !is_kernels(*priority))
            return std::nullopt;
    }
    // "[    4.210051] TEXT": dmesg.
    rest = row;
    skip_brackets(rest);
    if (begins_as_kill(rest))
        return rest;
    // "2026-11-21T01:00:27,868468+00:00 TEXT": dmesg --time-format iso.
    if (is_rfc3339(row)) {
        rest = row.substr(std::min(row.find(' '), row.size()));
        skip_blanks(rest);
        if (begins_as_kill(rest))
            return rest;
    }
    // The first ": " ends the tag of a syslog row; no time stamp holds one.
    const std::size_t colon = row.find(": ");
    if (colon == std::string_view::npos || !tagged_by_kernel(row.substr(0, colon)))
        return std::nullopt;
    row.remove_prefix(colon + 2);
    skip_blanks(row);
    skip_brackets(row);  // syslogd keeps the kernel's own stamp
    return row;
}

/// The number after "NAME:", wherever it stands in the rest of a record: kernels differ in what lies between.
template <class Number>
std::optional<Number> field(std::string_view text, std::string_view name) {
    const std::size_t at = text.find(name);
    if (at == std::string_view::npos)
        return std::nullopt;
    text.remove_prefix(at + name.size());
    return take_number<Number>(text);
}

/// Takes "Out of memory[ (why)]: " or "Memory cgroup out of memory[ (why)]: " off the front.
std::optional<OomScope> take_scope(std::string_view& text) {
    std::string_view rest = text;
    std::optional<OomScope> scope;
    if (take(rest, "Memory cgroup out of memory"))
        scope = OomScope::cgroup;
    else if (take(rest, "Out of memory"))
        scope = OomScope::machine;
    else
        return std::nullopt;
    if (rest.starts_with(" (")) {
        const std::size_t end = rest.find(')');
        if (end == std::string_view::npos)
            return std::nullopt;
        rest.remove_prefix(end + 1);
    }
    if (!take(rest, ": "))
        return std::nullopt;
    text = rest;
    return scope;
}

/// "Killed process 2606 (hog) total-vm:68268kB, anon-rss:65280kB, ...". Some kernels have ", UID 0," after
/// the name.
std::optional<OomKill> read_kill(std::string_view text) {
    OomKill kill;
    if (!take(text, "Killed process "))
        return std::nullopt;
    const auto pid = take_number<pid_t>(text);
    if (!pid || *pid <= 0)
        return std::nullopt;
    kill.pid = *pid;
    // The name may hold anything, parentheses and " total-vm:" too; no field after it does.
    const std::size_t open = text.find('(');
    const std::size_t numbers = text.rfind(" total-vm:");
    if (open == std::string_view::npos || numbers == std::string_view::npos || numbers < open)
        return std::nullopt;
    const std::size_t close = text.rfind(')', numbers);
    if (close == std::string_view::npos || close < open)
        return std::nullopt;
    kill.name = text.substr(open + 1, close - open - 1);
    text.remove_prefix(numbers);
    const auto total_vm = field<std::uint64_t>(text, " total-vm:");
    const auto anon_rss = field<std::uint64_t>(text, " anon-rss:");
    if (!total_vm || !anon_rss)
        return std::nullopt;
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
        if (row.ends_with('\r'))
            row.remove_suffix(1);
        auto text = kernel_text(row);
        if (!text)
            continue;
        const auto scope = take_scope(*text);
        if (scope && text->starts_with("Kill process "))
            announced = *scope;
        auto kill = read_kill(*text);
        if (!kill)
            continue;
        kill->scope = scope.value_or(announced);
        kill->row = row;
        kills.push_back(std::move(*kill));
    }
    return kills;
}

}  // namespace vmlab::evidence
