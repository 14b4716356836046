#include "cli/live/kernel_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <system_error>

namespace vmlab::cli {

namespace {

constexpr std::size_t longest_record = 8192;  // of /dev/kmsg (printk.c, CONSOLE_EXT_LOG_MAX)

std::optional<std::uint64_t> take_field(std::string_view& text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end == text.data() + text.size() || *end != ',') {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
    return number;
}

bool kills(std::string_view text) {
    return text.starts_with("Out of memory") || text.starts_with("Memory cgroup out of memory") ||
           text.starts_with("Killed process ");
}

bool begins_a_report(std::string_view text) {
    return text.find(" invoked oom-killer: ") != std::string_view::npos;
}

bool tells(std::string_view text) {
    return kills(text) || begins_a_report(text) || text.starts_with("sysrq: ") ||
           text.starts_with("oom_reaper: ") || text.starts_with("Tasks in ");
}

}  // namespace

std::vector<std::string> KernelRows::add(std::string_view piece) {
    std::vector<std::string> rows;
    pending_ += piece;
    std::size_t begin = 0;
    for (std::size_t end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n', begin)) {
        record(std::string_view(pending_).substr(begin, end - begin), rows);
        begin = end + 1;
    }
    pending_.erase(0, begin);
    if (pending_.size() > longest_record) {
        pending_.clear();
    }
    return rows;
}

void KernelRows::record(std::string_view text, std::vector<std::string>& rows) {
    const std::size_t head_end = text.find(';');
    const auto priority = take_field(text);
    const auto number = priority ? take_field(text) : std::nullopt;
    const auto microseconds = number ? take_field(text) : std::nullopt;
    constexpr std::uint64_t programs = 8;  // syslog's facilities above the kernel's
    if (!microseconds || *priority >= programs || head_end == std::string_view::npos) {
        return;  // a program's words, or the second line of a record (" SUBSYSTEM=...")
    }
    text = text.substr(std::min(text.find(';'), text.size() - 1) + 1);
    if (!tells(text)) {
        ++left_out_;
        return;
    }
    if (kills(text) && left_out_ > 0) {
        rows.push_back(fmt::format("({} rows: stacks, statistics, tasks)", left_out_));
    }
    left_out_ = 0;
    constexpr std::uint64_t second = 1'000'000;
    rows.push_back(fmt::format("[{:5}.{:06}] {}", *microseconds / second, *microseconds % second, text));
}

}  // namespace vmlab::cli
