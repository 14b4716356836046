#include "grading/handed_in/file_name.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace vmlab::grading {

namespace {

bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

template <class Names>
bool is_one_of(std::string_view text, const Names& names) {
    return std::find(names.begin(), names.end(), text) != names.end();
}

/// What looks like nothing at either end of a name: blanks, no-break spaces, marks without width.
constexpr std::array<std::string_view, 14> blanks = {" ",      "\t",     "\n",     "\r",     "\u00a0",
                                                     "\u200b", "\u200e", "\u200f", "\u202a", "\u202c",
                                                     "\u202d", "\u202e", "\u3000", "\ufeff"};

std::string_view without_blanks_around(std::string_view text) {
    bool shorter = true;
    while (shorter) {
        shorter = false;
        for (const std::string_view blank : blanks) {
            if (text.starts_with(blank)) {
                text.remove_prefix(blank.size());
                shorter = true;
            } else if (text.ends_with(blank)) {
                text.remove_suffix(blank.size());
                shorter = true;
            }
        }
    }
    return text;
}

/// "stem.ext" as its two parts; the second is empty where there is none.
std::pair<std::string_view, std::string_view> split(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) {
        return {name, {}};
    }
    return {name.substr(0, dot), name.substr(dot + 1)};
}

/// What an editor or a browser puts behind the whole name.
bool is_extra(std::string_view extension) {
    constexpr std::array<std::string_view, 3> extra = {"txt", "text", "download"};
    return is_one_of(extension, extra);
}

/// Whether the compiler takes both for the same language.
bool is_same_kind(std::string_view extension, std::string_view wanted) {
    constexpr std::array<std::string_view, 6> cpp = {"cpp", "cc", "cxx", "c++", "cp", "c"};
    return extension == wanted || (is_one_of(extension, cpp) && is_one_of(wanted, cpp));
}

/// Without the number of a copy at its end: "-1", "_1", " 2", ".1", "(1)", " (1)", "[1]".
std::string_view without_number(std::string_view text) {
    std::string_view rest = text;
    const char closing = rest.empty() ? '\0' : rest.back();
    const bool bracketed = closing == ')' || closing == ']';
    if (bracketed) {
        rest.remove_suffix(1);
    }
    std::size_t digits = 0;
    while (digits < 3 && !rest.empty() && is_digit(rest.back())) {
        rest.remove_suffix(1);
        ++digits;
    }
    if (digits == 0 || rest.empty()) {
        return text;
    }
    const char before = rest.back();
    const bool mark = bracketed ? before == (closing == ')' ? '(' : '[')
                                : before == '-' || before == '_' || before == ' ' || before == '.';
    rest.remove_suffix(1);
    return mark ? without_blanks_around(rest) : text;
}

/// Without the word for a copy, as systems in several languages write it: "x - copy", "copy of x".
std::string_view without_copy_word(std::string_view text) {
    constexpr std::array<std::string_view, 5> words = {"copy", "kopie", "copie", "copia", "kopia"};
    constexpr std::array<std::string_view, 7> before = {"copy of ",  "kopie von ", "copie de ", "copia de ",
                                                        "kopia av ", "copy_of_",   "copyof"};
    for (const std::string_view word : before) {
        if (text.starts_with(word)) {
            return without_blanks_around(text.substr(word.size()));
        }
    }
    for (const std::string_view word : words) {
        if (!text.ends_with(word) || text.size() == word.size()) {
            continue;
        }
        std::string_view rest = text.substr(0, text.size() - word.size());
        const std::size_t end = rest.find_last_not_of(" -_");
        if (end != std::string_view::npos && end + 1 < rest.size()) {
            return rest.substr(0, end + 1);
        }
    }
    return text;
}

/// "doejane_12345_678_" (Canvas), "lab1_doe_attempt_2025-11-01-10-00-00_" (Blackboard), "12-3 - Jane Doe - "
/// (Brightspace): what a system that collects submissions puts in front.
bool is_prefix_of_a_system(std::string_view text) {
    if (text.ends_with(" - ")) {
        return true;
    }
    return text.size() > 1 && (text.back() == '_' || text.back() == '-') && is_digit(text[text.size() - 2]);
}

bool is_stem(std::string_view stem, std::string_view wanted) {
    for (;;) {
        if (stem == wanted) {
            return true;
        }
        if (stem.ends_with(wanted) && is_prefix_of_a_system(stem.substr(0, stem.size() - wanted.size()))) {
            return true;
        }
        const std::string_view before = stem;
        stem = without_copy_word(without_number(stem));
        if (stem == before) {
            return false;
        }
    }
}

/// In lower case, without_blanks_around, every dash a hyphen.
std::string plain(std::string_view name) {
    std::string text = in_lower_case(without_blanks_around(name));
    for (const std::string_view dash : {"\u2010", "\u2011", "\u2012", "\u2013", "\u2014"}) {
        for (std::size_t at = text.find(dash); at != std::string::npos; at = text.find(dash, at)) {
            text.replace(at, dash.size(), "-");
        }
    }
    return text;
}

}  // namespace

std::string in_lower_case(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char byte) {
        return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
    });
    return lower;
}

std::optional<Likeness> likeness(std::string_view name, std::string_view wanted) {
    if (name == wanted) {
        return Likeness::same;
    }
    const std::string lower = plain(name);
    const std::string lower_wanted = in_lower_case(wanted);
    const auto [wanted_stem, wanted_extension] = split(lower_wanted);
    std::string_view rest = lower;
    for (;;) {
        const auto [stem, extension] = split(rest);
        const bool same_kind =
            !extension.empty() && is_same_kind(without_blanks_around(extension), wanted_extension);
        if (same_kind && is_stem(without_blanks_around(stem), wanted_stem)) {
            return Likeness::alike;
        }
        const std::string_view before = rest;
        rest = same_kind || is_extra(extension) ? without_blanks_around(stem) : without_number(rest);
        if (rest == before) {
            return std::nullopt;
        }
    }
}

}  // namespace vmlab::grading
