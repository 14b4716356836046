#include "vmlab/grading/answers.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "grading/handed_in/answer_sheet.hpp"
#include "vmlab/grading/verdict.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::grading {

namespace {

std::string full_key(std::string_view table, std::string_view key) {
    return table.empty() ? std::string(key) : fmt::format("{}.{}", table, key);
}

[[noreturn]] void fail_answer(std::string_view table, std::string_view key, const std::string& form,
                              std::string observed, std::string evidence) {
    Card card;
    card.expected = fmt::format("{} in answers.toml is {}", full_key(table, key), form);
    card.observed = std::move(observed);
    card.evidence = std::move(evidence);
    card.why = "An answer can be compared with the machine's own only in the form that was asked for.";
    card.next = table.empty() ? fmt::format("Edit answers.toml: the line {} = ...", key)
                              : fmt::format("Edit answers.toml: below [{}], the line {} = ...", table, key);
    fail(std::move(card));
}

std::string as_written(const toml::node& node) {
    const auto type = node.type();
    if (const auto text = node.value_exact<std::string>()) {
        return fmt::format("the text \"{}\"", excerpt(*text, 1));
    }
    if (const auto number = node.value_exact<std::int64_t>()) {
        return fmt::format("the whole number {}", *number);
    }
    if (const auto truth = node.value_exact<bool>()) {
        return *truth ? "true" : "false";
    }
    if (type == toml::node_type::floating_point) {
        return "a number with a decimal point";
    }
    if (type == toml::node_type::array) {
        return "a list in brackets";
    }
    if (type == toml::node_type::table) {
        return "a table";
    }
    return "a date or time";
}

/// An empty text or list is what the file holds before the student has answered.
bool is_placeholder(const toml::node& node) {
    const auto text = node.value_exact<std::string>();
    const toml::array* list = node.as_array();
    return (text && text->empty()) || (list != nullptr && list->empty());
}

/// Finds the answer and hands it to `take`, which returns an optional: none when the form is wrong.
template <class Take>
auto answer(const AnswerSheet& sheet, std::string_view table, std::string_view key, const std::string& form,
            Take take) {
    const AnswerSheet::Answer found = sheet.find(table, key);
    const auto evidence_of = [](const AnswerSheet::Fault& fault) {
        return fmt::format("answers.toml, line {}: {}", fault.line, excerpt(fault.text, 1));
    };
    if (found.fault != nullptr) {
        fail_answer(
            table, key, form,
            fmt::format("line {} cannot be read: {}", found.fault->line, excerpt(found.fault->what, 1)),
            evidence_of(*found.fault));
    }
    if (found.value == nullptr) {
        // It may stand on a line that could not even be told to be its own.
        const AnswerSheet::Fault* fault = sheet.first_fault();
        fail_answer(table, key, form, "it is not there",
                    fault == nullptr ? "" : "a line that cannot be read: " + evidence_of(*fault));
    }
    const std::string place =
        found.line == 0 ? std::string("answers.toml") : fmt::format("answers.toml, line {}", found.line);
    if (is_placeholder(*found.value)) {
        fail_answer(table, key, form, "it is not answered yet", place);
    }
    auto value = take(*found.value);
    if (!value) {
        fail_answer(table, key, form, "it is " + as_written(*found.value), place);
    }
    return *std::move(value);
}

}  // namespace

Answers::Answers(std::shared_ptr<const AnswerSheet> sheet) : sheet_(std::move(sheet)) {}

Answers Answers::read(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::exists(file, error)) {
        Card card;
        card.expected = "answers.toml is handed in";
        card.observed = "it is missing";
        card.next = "Copy it from the activity's folder, fill it in, and hand it in beside the program.";
        fail(std::move(card), Reason::missing_file);
    }
    return Answers(std::make_shared<const AnswerSheet>(value_or_verdict(process::read_file(file))));
}

std::int64_t Answers::integer(std::string_view table, std::string_view key) const {
    return answer(*sheet_, table, key, "a whole number, without quotation marks",
                  [](const toml::node& node) { return node.value_exact<std::int64_t>(); });
}

bool Answers::boolean(std::string_view table, std::string_view key) const {
    return answer(*sheet_, table, key, "true or false, without quotation marks",
                  [](const toml::node& node) { return node.value_exact<bool>(); });
}

std::string Answers::text(std::string_view table, std::string_view key) const {
    return answer(*sheet_, table, key, "a text in double quotes",
                  [](const toml::node& node) { return node.value_exact<std::string>(); });
}

std::vector<std::int64_t> Answers::integers(std::string_view table, std::string_view key) const {
    using Numbers = std::vector<std::int64_t>;
    return answer(*sheet_, table, key, "a list of whole numbers in brackets, as in [1, 2]",
                  [](const toml::node& node) -> std::optional<Numbers> {
                      const toml::array* list = node.as_array();
                      if (list == nullptr) {
                          return std::nullopt;
                      }
                      Numbers numbers;
                      for (const toml::node& element : *list) {
                          const auto number = element.value_exact<std::int64_t>();
                          if (!number) {
                              return std::nullopt;
                          }
                          numbers.push_back(*number);
                      }
                      return numbers;
                  });
}

std::string Answers::choice(std::string_view table, std::string_view key,
                            const std::vector<std::string>& choices) const {
    std::string form = "one of";
    for (const std::string& each : choices) {
        form += fmt::format("{} \"{}\"", &each == &choices.front() ? "" : ",", each);
    }
    return answer(*sheet_, table, key, form, [&](const toml::node& node) -> std::optional<std::string> {
        auto value = node.value_exact<std::string>();
        if (value && std::find(choices.begin(), choices.end(), *value) == choices.end()) {
            return std::nullopt;
        }
        return value;
    });
}

void expect_all_right(int right, int all, std::string_view tables, std::string next) {
    if (right == all) {
        return;
    }
    fail({.expected = "what programs show on this machine",
          .observed =
              fmt::format("{} of the {} answers below {} agree with the grader's runs", right, all, tables),
          .evidence = "answers.toml, compared with programs that the grader ran on this machine",
          .next = std::move(next)});
}

std::string share_of(std::uint64_t part, std::uint64_t whole) {
    if (part * 4 >= whole * 3) {
        return "all";
    }
    return part * 4 <= whole ? "almost none" : "half";
}

}  // namespace vmlab::grading
