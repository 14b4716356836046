#include "evidence/syscalls/strace_row.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>

#include "evidence/text.hpp"

namespace vmlab::evidence {
namespace {

constexpr std::string_view unfinished_mark = " <unfinished ...>";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::optional<int> take_pid(std::string_view& text) {
    std::string_view rest = text;
    if (!take(rest, "[pid ")) {
        return std::nullopt;
    }
    skip_blanks(rest);
    const auto pid = take_number<int>(rest);
    if (!pid || !take(rest, "] ")) {
        return std::nullopt;
    }
    text = rest;
    return pid;
}

/// "1795225833.924206 "
std::optional<std::chrono::nanoseconds> take_time(std::string_view& text) {
    std::string_view rest = text;
    const auto seconds = take_number<std::uint32_t>(rest);
    if (!seconds || !take(rest, ".")) {
        return std::nullopt;
    }
    const auto microseconds = take_number<std::uint32_t>(rest);
    if (!microseconds || !take(rest, " ")) {
        return std::nullopt;
    }
    text = rest;
    return std::chrono::seconds(*seconds) + std::chrono::microseconds(*microseconds);
}

/// The position behind the quoted string that begins at `at`; the text's size when it does not end.
std::size_t end_of_string(std::string_view text, std::size_t at) {
    for (++at; at < text.size(); ++at) {
        if (text[at] == '\\') {
            ++at;
        } else if (text[at] == '"') {
            return at + 1;
        }
    }
    return text.size();
}

/// Whether the '<' at that place begins a descriptor's path: "3<" and "AT_FDCWD<", but not "21<<".
bool begins_path(std::string_view text, std::size_t at) {
    if (at == 0 || (at + 1 < text.size() && text[at + 1] == '<')) {
        return false;
    }
    return is_digit(text[at - 1]) || text.substr(0, at).ends_with("AT_FDCWD");
}

/// The position behind a path's '>'. strace writes a '>' within the path as an escape.
std::size_t end_of_path(std::string_view text, std::size_t at) {
    const std::size_t end = text.find('>', at);
    return end == std::string_view::npos ? text.size() : end + 1;
}

/// Takes the digits of a \NNN or \xNN escape.
char take_numbered(std::string_view& text, std::size_t most_digits, int base) {
    unsigned value = 0;
    std::size_t digits = 0;
    while (digits < most_digits && digits < text.size()) {
        std::string_view digit = text.substr(digits, 1);
        const auto number = take_number<unsigned>(digit, base);
        if (!number) {
            break;
        }
        value = value * static_cast<unsigned>(base) + *number;
        ++digits;
    }
    text.remove_prefix(digits);
    return static_cast<char>(static_cast<unsigned char>(value));
}

std::string decoded(std::string_view text) {
    constexpr std::string_view letters = "ntrvfab";
    constexpr std::string_view meanings = "\n\t\r\v\f\a\b";
    std::string bytes;
    while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(1);
        if (c != '\\' || text.empty()) {
            bytes.push_back(c);
        } else if (text.front() >= '0' && text.front() <= '7') {
            bytes.push_back(take_numbered(text, 3, 8));
        } else if (take(text, "x")) {
            bytes.push_back(take_numbered(text, 2, 16));
        } else {
            const std::size_t letter = letters.find(text.front());
            bytes.push_back(letter == std::string_view::npos ? text.front() : meanings[letter]);
            text.remove_prefix(1);
        }
    }
    return bytes;
}

/// Decodes the quoted string at the front of `text` (which begins with its quote) and cuts it off.
std::string take_quoted(std::string_view& text) {
    const std::size_t end = end_of_string(text, 0);
    const bool closed = end > 1 && text[end - 1] == '"';
    std::string bytes = decoded(text.substr(1, end - 1 - (closed ? 1 : 0)));
    text.remove_prefix(end);
    return bytes;
}

}  // namespace

StraceRow read_strace_row(std::string_view line) {
    StraceRow row;
    row.pid = take_pid(line);
    row.time = take_time(line);
    row.text = line;
    if (line.starts_with("+++ ")) {
        const bool ended = line.starts_with("+++ exited with ") || line.starts_with("+++ killed by ");
        row.kind = ended ? StraceRow::Kind::ended : StraceRow::Kind::other;
    } else if (take(line, "<... ")) {
        const std::size_t mark = line.find(" resumed>");
        if (mark != std::string_view::npos) {
            row.kind = StraceRow::Kind::resumed;
            row.text = line.substr(mark + std::string_view(" resumed>").size());
        }
    } else if (line.ends_with(unfinished_mark)) {
        row.kind = StraceRow::Kind::unfinished;
        row.text = line.substr(0, line.size() - unfinished_mark.size());
    } else if (!line.empty() &&
               (std::islower(static_cast<unsigned char>(line.front())) != 0 || line.front() == '_')) {
        row.kind = StraceRow::Kind::call;
    }
    return row;
}

std::optional<StraceCall> split_strace_call(std::string_view text) {
    StraceCall call;
    const std::size_t open = text.find('(');
    if (open == std::string_view::npos) {
        return std::nullopt;
    }
    call.name = text.substr(0, open);
    const bool is_name = !call.name.empty() && std::ranges::all_of(call.name, [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_';
    });
    if (!is_name) {
        return std::nullopt;
    }

    std::size_t start = open + 1;
    const auto finish_argument = [&](std::size_t end) {
        std::string_view argument = text.substr(start, end - start);
        skip_blanks(argument);
        if (!argument.empty() || !call.arguments.empty()) {
            call.arguments.push_back(argument);
        }
        start = end + 1;
    };
    int depth = 1;
    std::size_t at = open + 1;
    while (at < text.size() && depth > 0) {
        const char c = text[at];
        if (c == '"') {
            at = end_of_string(text, at);
            continue;
        }
        if (c == '<' && begins_path(text, at)) {
            at = end_of_path(text, at);
            continue;
        }
        if (c == '(' || c == '[' || c == '{') {
            ++depth;
        } else if (c == ')' || c == ']' || c == '}') {
            --depth;
        }
        if ((c == ',' && depth == 1) || depth == 0) {
            finish_argument(at);
        }
        ++at;
    }
    if (depth != 0) {
        return std::nullopt;
    }
    std::string_view rest = text.substr(at);
    skip_blanks(rest);
    if (!take(rest, "= ")) {
        return std::nullopt;
    }
    call.result = rest;
    return call;
}

std::string quoted_bytes(std::string_view argument) {
    argument.remove_prefix(std::min(argument.find('"'), argument.size()));
    return argument.empty() ? std::string() : take_quoted(argument);
}

std::string all_quoted_bytes(std::string_view argument) {
    std::string bytes;
    for (std::size_t at = 0; (at = argument.find('"')) != std::string_view::npos;) {
        argument.remove_prefix(at);
        bytes += take_quoted(argument);
    }
    return bytes;
}

std::string descriptor_path(std::string_view argument) {
    const std::size_t open = argument.find('<');
    if (open == std::string_view::npos || argument.starts_with('"') || !begins_path(argument, open)) {
        return {};
    }
    const std::size_t end = end_of_path(argument, open);
    if (argument[end - 1] != '>') {
        return {};
    }
    return decoded(argument.substr(open + 1, end - open - 2));
}

}  // namespace vmlab::evidence
