#include "evidence/kernel_log/log_row.hpp"

#include <algorithm>
#include <vector>

#include "evidence/text.hpp"

namespace vmlab::evidence {
namespace {

/// Whether it is a time stamp that stands in brackets, or the caller that some kernels add ("    T1"). A
/// task's row of an OOM report begins with a bracket too: "[    90]".
bool is_stamp(std::string_view inside) {
    skip_blanks(inside);
    return inside.find_first_of(".:") != std::string_view::npos || inside.starts_with('T') ||
           inside.starts_with('C');
}

/// Takes "[   12.345678] " and "[Sat Nov 21 01:00:26 2026] " off the front.
void skip_stamps(std::string_view& text) {
    while (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos || !is_stamp(text.substr(1, end - 1))) {
            return;
        }
        text.remove_prefix(end + 1);
        skip_blanks(text);
    }
}

/// syslog's facility is in a priority's upper bits (RFC 5424): 0 is the kernel, all others are programs.
bool is_kernels(unsigned priority) {
    return priority < 8;
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
        skip_stamps(before_colon);
        const auto words = words_of(before_colon);
        return words.size() == 2 && words[1] == "kernel";
    }
    const auto words = words_of(before_colon);
    if (words.empty() || words.back() != "kernel") {
        return false;
    }
    if (is_rfc3339(words.front())) {
        return words.size() == 3;
    }
    // "Nov 21 01:00:29 HOST kernel", and busybox's "Nov 21 01:00:29 HOST kern.err kernel".
    return words.size() == 5 || (words.size() == 6 && words[4].starts_with("kern."));
}

}  // namespace

std::optional<std::string_view> kernel_text(std::string_view row, BeginsAs begins) {
    // "3,1334,33141200717,-;TEXT": /dev/kmsg.
    std::string_view rest = row;
    if (const auto priority = take_number<unsigned>(rest); priority && take(rest, ",")) {
        const std::size_t header_end = rest.find(';');
        if (header_end == std::string_view::npos || !is_kernels(*priority)) {
            return std::nullopt;
        }
        return rest.substr(header_end + 1);
    }
    // "<3>[    4.210051] TEXT": dmesg --raw.
    if (take(row, "<")) {
        const auto priority = take_number<unsigned>(row);
        if (!priority || !take(row, ">") || !is_kernels(*priority)) {
            return std::nullopt;
        }
    }
    // "[    4.210051] TEXT": dmesg.
    rest = row;
    skip_stamps(rest);
    if (begins(rest)) {
        return rest;
    }
    // "2026-11-21T01:00:27,868468+00:00 TEXT": dmesg --time-format iso.
    if (is_rfc3339(row)) {
        rest = row.substr(std::min(row.find(' '), row.size()));
        skip_blanks(rest);
        if (begins(rest)) {
            return rest;
        }
    }
    // The first ": " ends the tag of a syslog row; no time stamp holds one.
    const std::size_t colon = row.find(": ");
    if (colon == std::string_view::npos || !tagged_by_kernel(row.substr(0, colon))) {
        return std::nullopt;
    }
    row.remove_prefix(colon + 2);
    skip_blanks(row);
    skip_stamps(row);  // syslogd keeps the kernel's own stamp
    return row;
}

}  // namespace vmlab::evidence
