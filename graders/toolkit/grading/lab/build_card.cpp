#include "grading/lab/build_card.hpp"

#include <fmt/core.h>

#include <string_view>

#include "vmlab/grading/verdict.hpp"

namespace vmlab::grading {

namespace {

/// The text from the first line on that tells of an error, or the whole text when none does.
std::string_view from_first_error(std::string_view messages) {
    std::size_t start = 0;
    while (start < messages.size()) {
        const std::size_t end = std::min(messages.find('\n', start), messages.size());
        const std::string_view line = messages.substr(start, end - start);
        for (const std::string_view sign :
             {"error:", "undefined reference", "cannot find", "multiple definition"}) {
            if (line.find(sign) != std::string_view::npos) {
                return messages.substr(start);
            }
        }
        start = end + 1;
    }
    return messages;
}

}  // namespace

Card build_error_card(const std::string& source, const BuildOutcome& outcome) {
    Card card;
    card.expected = fmt::format("{} compiles with `{}`", source, outcome.command);
    card.observed = "it does not compile";
    if (outcome.messages.starts_with("g++: ")) {  // stopped by a limit, as build() says in the first line
        card.observed = excerpt(outcome.messages, 1);
    }
    card.evidence = excerpt(from_first_error(outcome.messages), 6);
    if (card.evidence.empty()) {
        card.evidence = "g++ said nothing";
    }
    card.why =
        "Nothing can be observed of a program that does not exist. Later messages often follow from the "
        "first: "
        "mend that one, and compile again.";
    card.next = outcome.command;
    return card;
}

}  // namespace vmlab::grading
