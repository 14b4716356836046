#include "vmlab/grading/agreement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "vmlab/grading/output.hpp"
#include "vmlab/grading/verdict.hpp"

namespace vmlab::grading {
namespace {

bool is_decimal_digit(char byte) {
    return std::isdigit(static_cast<unsigned char>(byte)) != 0;
}

bool is_hex_digit(char byte) {
    return std::isxdigit(static_cast<unsigned char>(byte)) != 0;
}

/// The line with "0x" in place of every address, and with "#" in place of every other number where these may
/// differ.
std::string without_what_may_differ(std::string_view line, const Apart& apart) {
    const bool varies = std::ranges::any_of(
        apart.varying, [line](const std::string& beginning) { return line.starts_with(beginning); });
    std::string kept;
    for (std::size_t at = 0; at < line.size();) {
        std::size_t end = at + 1;
        const std::string_view rest = line.substr(at);
        if (rest.starts_with("0x") || rest.starts_with("0X")) {
            end = at + 2;
            while (end < line.size() && is_hex_digit(line[end])) {
                ++end;
            }
            kept += "0x";
        } else if (varies && is_decimal_digit(line[at])) {
            while (end < line.size() && is_decimal_digit(line[end])) {
                ++end;
            }
            kept += '#';
        } else {
            kept += line[at];
        }
        at = end;
    }
    return kept;
}

std::string shown(const std::vector<std::string>& lines, std::size_t position) {
    return position < lines.size() ? lines[position] : "(no such line)";
}

Card card_about(const Witness& first, const Witness& second, std::string observed, std::string next) {
    const auto told = [](const Witness& witness) {
        return fmt::format("stdout {}, {}:\n{}", witness.how, witness.run.describe(),
                           witness.run.out.empty() ? "(nothing)" : excerpt(witness.run.out, 6));
    };
    return {.expected = "the same lines and the same end, whoever watches the program",
            .observed = std::move(observed),
            .evidence = told(first) + "\n" + told(second),
            .why =
                "Points are given for what an instrument saw. That holds for the program only if it does "
                "the same when another instrument looks, or nobody. (A program that reads memory which "
                "it never initialised may do something else each time, too.)",
            .next = std::move(next)};
}

}  // namespace

std::optional<Contradiction> contradiction(std::string_view first, std::string_view second,
                                           const Apart& apart) {
    const auto one = lines_of(first);
    const auto other = lines_of(second);
    const std::size_t common = std::min(one.size(), other.size());
    std::size_t line = 0;
    while (line < common &&
           without_what_may_differ(one[line], apart) == without_what_may_differ(other[line], apart)) {
        ++line;
    }
    if (line == common && one.size() == other.size()) {
        return std::nullopt;
    }
    return Contradiction{line + 1, shown(one, line), shown(other, line)};
}

void expect_agreement(const Witness& first, const Witness& second, const Agreement& agreement) {
    std::string observed;
    if (const auto found = contradiction(first.run.out, second.run.out, agreement.apart)) {
        observed = fmt::format("line {} of stdout is \"{}\" {} and \"{}\" {}", found->line,
                               excerpt(found->first, 1), first.how, excerpt(found->second, 1), second.how);
    } else if (first.run.describe() != second.run.describe()) {
        observed =
            fmt::format("{}: {}; {}: {}", first.how, first.run.describe(), second.how, second.run.describe());
    } else {
        return;
    }
    expect_exit(second.run, "running it " + second.how);
    Card card = card_about(first, second, std::move(observed), agreement.next);
    if (agreement.otherwise == OutcomeKind::tamper_suspected) {
        suspect_tampering(std::move(card));
    }
    fail(std::move(card));
}

}  // namespace vmlab::grading
