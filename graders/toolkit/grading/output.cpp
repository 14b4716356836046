#include "vmlab/grading/output.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "vmlab/grading/verdict.hpp"

namespace vmlab::grading {

namespace {

constexpr std::string_view blanks_and_tabs = " \t";

/// The value of a word of which every character is a digit of that base.
std::optional<std::uint64_t> digits(std::string_view word, int base) {
    std::uint64_t value = 0;
    const char* end = word.data() + word.size();
    const auto [stopped, error] = std::from_chars(word.data(), end, value, base);
    if (word.empty() || error != std::errc() || stopped != end) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

std::string last_line(std::string_view text) {
    const std::vector<std::string> lines = lines_of(text);
    return lines.empty() ? std::string() : lines.back();
}

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    for (std::size_t at = line.find_first_not_of(blanks_and_tabs); at != std::string_view::npos;
         at = line.find_first_not_of(blanks_and_tabs, at)) {
        const std::size_t end = std::min(line.find_first_of(blanks_and_tabs, at), line.size());
        words.emplace_back(line.substr(at, end - at));
        at = end;
    }
    return words;
}

std::optional<std::uint64_t> address_of(std::string_view word) {
    if (!word.starts_with("0x") && !word.starts_with("0X")) {
        return std::nullopt;
    }
    return digits(word.substr(2), 16);
}

std::optional<std::uint64_t> whole_number(std::string_view word) {
    return digits(word, 10);
}

std::optional<std::uint64_t> number_behind(std::string_view label, std::string_view word) {
    return word.starts_with(label) ? whole_number(word.substr(label.size())) : std::nullopt;
}

bool begins_with_name(std::string_view message, std::string_view program) {
    const auto lines = lines_of(message);
    return !program.empty() && std::ranges::any_of(lines, [&](std::string_view line) {
        const std::string_view first = line.substr(0, line.find_first_of(": \t"));
        const std::size_t slash = first.rfind('/');
        return first.substr(slash == std::string_view::npos ? 0 : slash + 1) == program;
    });
}

std::string shown(std::string_view text, std::size_t lines) {
    return text.empty() ? "(nothing)" : excerpt(text, lines);
}

std::string grouped(std::int64_t number) {
    std::string text = std::to_string(number);
    const std::size_t sign = number < 0 ? 1 : 0;
    for (std::size_t end = text.size(); end > 3 + sign; end -= 3) {
        text.insert(end - 3, ",");
    }
    return text;
}

void fail_run(const process::Run& run, const std::string& doing, Card card) {
    if (run.ending != process::Ending::stopped) {
        expect_exit(run, doing);
    }
    fail(std::move(card));
}

}  // namespace vmlab::grading
