#include "grading/lab/build_card.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "grading/handed_in/encoding.hpp"
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

/// Why g++ made nothing of the bytes, to be put behind the file's name. A byte that is no UTF-8 is harmless
/// in a comment: only g++ says where it is not.
std::string what_is_odd(const std::string& content, std::string_view messages) {
    if (const auto odd = odd_encoding(content)) {
        return " " + *odd;
    }
    const bool stumbled = messages.find("stray") != std::string_view::npos ||
                          messages.find("null character") != std::string_view::npos;
    const auto odd = stumbled ? odd_byte(content) : std::nullopt;
    return odd ? ", " + *odd : "";
}

}  // namespace

Card build_error_card(const std::string& source, const BuildOutcome& outcome, const std::string& content) {
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
    if (const std::string odd = what_is_odd(content, outcome.messages); !odd.empty()) {
        card.observed = fmt::format("{}{}: save it as UTF-8 with line ends LF or CRLF", source, odd);
        card.why =
            "g++ reads a source as UTF-8, byte by byte. What an editor wrote in another way looks right in that "
            "editor, and is not the same file.";
        card.next = fmt::format("In your editor: Save {} as, encoding UTF-8. To see its bytes: xxd {} | head",
                                source, source);
    }
    return card;
}

}  // namespace vmlab::grading
