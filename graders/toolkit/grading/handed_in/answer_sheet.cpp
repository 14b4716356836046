#include "grading/handed_in/answer_sheet.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "grading/handed_in/encoding.hpp"
#include "grading/handed_in/file_name.hpp"
#include "grading/toml_document.hpp"

namespace vmlab::grading {

namespace {

/// An answer over several lines is a list in brackets: nobody needs more of them.
constexpr std::size_t most_lines_of_one_answer = 50;
constexpr std::size_t most_faults = 200;
constexpr std::size_t most_lines = 5'000;
constexpr int most_joins = 1'000;

std::string_view without_outer_blanks(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\v\f");
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(" \t\v\f") + 1 - begin);
}

/// The line without its comment: a # within quotes is none.
std::string_view without_comment(std::string_view line) {
    char quote = '\0';
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (quote == '\0' && line[i] == '#') {
            return without_outer_blanks(line.substr(0, i));
        }
        if (quote == '"' && line[i] == '\\') {
            ++i;
        } else if (line[i] == quote) {
            quote = '\0';
        } else if (quote == '\0' && (line[i] == '"' || line[i] == '\'')) {
            quote = line[i];
        }
    }
    return without_outer_blanks(line);
}

bool is_of_a_key(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte == '-';
}

/// The name that a line begins with, in quotes or not.
std::string first_word(std::string_view line) {
    const std::size_t begin = line.find_first_not_of(" \t\"'[");
    if (begin == std::string_view::npos) {
        return {};
    }
    std::size_t end = begin;
    while (end < line.size() && is_of_a_key(line[end])) {
        ++end;
    }
    return std::string(line.substr(begin, end - begin));
}

bool begins_something_new(std::string_view line) {
    if (line.starts_with('[')) {
        return first_word(line).find_first_not_of("0123456789") != std::string::npos;
    }
    const std::string word = first_word(line);
    const std::size_t equals = line.find('=');
    return !word.empty() && equals != std::string_view::npos &&
           without_outer_blanks(line.substr(0, equals)) == word;
}

bool holds_one_of(std::string_view text, std::initializer_list<std::string_view> parts) {
    return std::any_of(parts.begin(), parts.end(),
                       [text](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

/// What is wrong with a line that TOML does not take.
std::string what_is_wrong(std::string_view line, const std::string& toml_says) {
    if (const auto odd = odd_byte(line)) {
        // Its line is one of the file's, which the caller tells.
        return fmt::format("it {}: save the file as UTF-8", odd->substr(odd->find("holds")));
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
        return "there is no = between the name and the answer";
    }
    const std::string_view value = without_outer_blanks(line.substr(equals + 1));
    const std::string lower = in_lower_case(value);
    if (value.empty()) {
        return "nothing stands behind the =";
    }
    if (value.starts_with('=')) {
        return "there is one = too many";
    }
    if (is_one_of(lower, {"true", "false"})) {
        return fmt::format("TOML writes it in small letters: {}", lower);
    }
    if (is_one_of(lower, {"yes", "no", "y", "n", "on", "off", "t", "f"})) {
        return "TOML knows true and false only";
    }
    if (holds_one_of(value, {"\u201c", "\u201d", "\u201e", "\u2018", "\u2019", "\u00ab", "\u00bb"})) {
        return "it has curly quotation marks: the straight ones, \", are wanted";
    }
    const auto quotes = std::count(value.begin(), value.end(), '"');
    if (quotes % 2 != 0) {
        return fmt::format("the quotation mark at its {} is missing",
                           value.starts_with('"') ? "end" : "beginning");
    }
    if (value.starts_with('[') && value.find(']') == std::string_view::npos) {
        return "the closing bracket ] is missing";
    }
    const bool is_word =
        std::all_of(value.begin(), value.end(), [](char byte) { return is_of_a_key(byte) || byte == ' '; });
    if (quotes == 0 && is_word && value.find_first_not_of("0123456789") != std::string_view::npos) {
        return (value.front() >= '0' && value.front() <= '9')
                   ? "a number stands alone, without a unit or a word behind it"
                   : fmt::format("a text stands in double quotes: \"{}\"", value);
    }
    return toml_says;
}

}  // namespace

/// The lines of a text, and the one that is read next.
struct AnswerSheet::Lines {
    std::vector<std::string_view> all;
    std::size_t next = 0;
};

AnswerSheet::AnswerSheet(std::string_view bytes) {
    const std::string text = plain_text(bytes);
    if (auto root = parse_toml(text, "answers.toml")) {
        whole_ = std::move(*root);
    } else {
        read_lines(text);
    }
}

void AnswerSheet::read_lines(const std::string& text) {
    Lines lines;
    for (std::string_view rest = text; !rest.empty() && lines.all.size() < most_lines;) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        lines.all.push_back(without_comment(rest.substr(0, end)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    while (lines.next < lines.all.size()) {
        const std::string_view line = lines.all[lines.next];
        if (line.empty()) {
            ++lines.next;
        } else if (line.starts_with('[')) {
            read_header(line, ++lines.next);
        } else {
            read_statement(lines);
        }
    }
}

void AnswerSheet::read_header(std::string_view line, std::size_t number) {
    table_ = first_word(line);
    if (parse_toml(std::string(line), "") && !line.starts_with("[[")) {
        return;
    }
    Fault fault{number, std::string(line), fmt::format("a table's name stands in brackets: [{}]", table_)};
    if (faults_.size() < most_faults) {
        faults_.push_back(fault);
    }
    broken_tables_.emplace(table_, std::move(fault));
}

void AnswerSheet::read_statement(Lines& lines) {
    const std::size_t first = lines.next++;
    const std::string_view line = lines.all[first];
    auto parsed = parse_toml(std::string(line), "");
    const std::string toml_says =
        parsed ? "" : parsed.error().what.substr(parsed.error().what.rfind(": ") + 2);
    if (!parsed && line.find('=') != std::string_view::npos && holds_one_of(line, {"[", "\"\"\"", "'''"})) {
        std::string several(line);
        const std::size_t end = std::min(lines.all.size(), first + most_lines_of_one_answer);
        for (std::size_t i = first + 1; !parsed && i < end && !begins_something_new(lines.all[i]); ++i) {
            if (++joins_ > most_joins) {
                break;
            }
            several.append("\n").append(lines.all[i]);
            parsed = parse_toml(several, "");
            if (parsed) {
                lines.next = i + 1;
            }
        }
    }
    const std::size_t number = first + 1;
    if (!parsed) {
        blame(first_word(line), {number, std::string(line), what_is_wrong(line, toml_says)});
        return;
    }
    for (auto& [key, value] : *parsed) {
        const std::string name(key.str());
        if (toml::table* inner = value.as_table();
            inner != nullptr && table_.empty() && !inner->is_inline()) {
            for (auto& [inner_key, inner_value] : *inner) {  // starter.pid = 1
                const std::string outer = std::exchange(table_, name);
                add(std::string(inner_key.str()), toml::table{{inner_key, inner_value}}, number);
                table_ = outer;
            }
            continue;
        }
        add(name, toml::table{{key, value}}, number);
    }
}

void AnswerSheet::add(const std::string& key, toml::table statement, std::size_t line) {
    auto& entries = entries_[table_];
    const auto present = entries.find(key);
    if (present == entries.end()) {
        entries.emplace(key, Entry{std::move(statement), line});
    } else if (!present->second.fault && present->second.statement != statement) {
        blame(key, {line, key, fmt::format("it is answered twice, on line {} too", present->second.line)});
    }
}

void AnswerSheet::blame(const std::string& key, Fault fault) {
    if (faults_.size() < most_faults) {
        faults_.push_back(fault);
        Entry& entry = entries_[table_][key];
        entry.line = fault.line;
        entry.fault = std::move(fault);
    }
}

AnswerSheet::Answer AnswerSheet::find(std::string_view table, std::string_view key) const {
    if (whole_) {
        const toml::node* node = nullptr;
        if (table.empty()) {
            node = whole_->get(key);
        } else if (const toml::table* inner = (*whole_)[table].as_table()) {
            node = inner->get(key);
        }
        return {node, node == nullptr ? 0 : static_cast<std::size_t>(node->source().begin.line), nullptr};
    }
    if (const auto broken = broken_tables_.find(table); broken != broken_tables_.end()) {
        return {nullptr, broken->second.line, &broken->second};
    }
    const auto entries = entries_.find(table);
    if (entries == entries_.end()) {
        return {};
    }
    const auto entry = entries->second.find(key);
    if (entry == entries->second.end()) {
        return {};
    }
    if (entry->second.fault) {
        return {nullptr, entry->second.line, &*entry->second.fault};
    }
    return {entry->second.statement.get(key), entry->second.line, nullptr};
}

}  // namespace vmlab::grading
