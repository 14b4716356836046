#include "vmlab/grading/memory_errors.hpp"

#include <fmt/format.h>

namespace vmlab::grading {

namespace {

using evidence::Frame;
using evidence::MemoryError;

struct Rule {
    std::string_view expected;
    std::string_view why;
};

constexpr Rule partners{
    .expected = "each block is given back by the partner of the call that allocated it",
    .why =
        "malloc goes with free, new with delete, new[] with delete[]. Each pair may keep its books in its own "
        "way, and only delete runs a destructor."};
constexpr Rule frees{
    .expected = "free() gets each address that malloc returned once, and no other",
    .why =
        "free() looks for malloc's record just in front of the address. In the middle of a block there is none, "
        "and that of a free block is no longer its own: glibc ends the program when it notices, and does damage "
        "when it does not."};
constexpr Rule unset_values{
    .expected = "nothing depends on a value that was never set",
    .why =
        "Memory that nobody wrote to holds whatever was there before. What a program does with that may differ "
        "from run to run."};
constexpr Rule accesses{
    .expected = "every read and write lies inside a block that is allocated at that moment",
    .why =
        "Behind a block lies malloc's own record of the next one; a freed block belongs to malloc, which hands "
        "it to the next caller. Under Memcheck old contents stay for a while. Without it, you read something "
        "else."};

const Rule& rule_about(const MemoryError& error) {
    if (error.kind == "MismatchedFree") {
        return partners;
    }
    if (error.about_freeing()) {
        return frees;
    }
    return error.about_unset_values() ? unset_values : accesses;
}

std::optional<Card> first_that(const std::vector<WatchedRun>& runs, std::string_view source,
                               const std::optional<bool>& about_freeing) {
    for (const WatchedRun& watched : runs) {
        for (const MemoryError& error : watched.run.report.errors) {
            if (!error.at_null() && error.about_freeing() == about_freeing.value_or(error.about_freeing())) {
                return card_of(error, source, watched);
            }
        }
    }
    return std::nullopt;
}

}  // namespace

std::string rows_of(const std::vector<Frame>& stack, std::string_view source,
                    const std::set<std::int64_t>& asked_for) {
    std::string rows;
    for (const Frame& frame : stack) {
        const bool innermost = rows.empty();
        if (innermost || frame.file == source) {
            rows += fmt::format("{} {}", innermost ? "at" : "\nby", frame.function);
        }
        if (frame.file == source) {
            rows += asked_for.contains(frame.line)
                        ? fmt::format(" ({}: answers.toml asks for the line)", frame.file)
                        : fmt::format(" ({}:{})", frame.file, frame.line);
        }
    }
    return rows;
}

Card card_of(const MemoryError& error, std::string_view source, const WatchedRun& watched) {
    const Rule& rule = rule_about(error);
    return {.expected = std::string(rule.expected),
            .observed = watched.when.empty() ? error.what : fmt::format("{}, {}", error.what, watched.when),
            .evidence = rows_of(error.stack, source) + (error.detail.empty() ? "" : "\n" + error.detail),
            .why = std::string(rule.why),
            .next = watched.next};
}

std::optional<Card> first_memory_error(const std::vector<WatchedRun>& runs, std::string_view source,
                                       bool about_freeing) {
    return first_that(runs, source, about_freeing);
}

std::optional<Card> first_memory_error(const std::vector<WatchedRun>& runs, std::string_view source) {
    return first_that(runs, source, std::nullopt);
}

}  // namespace vmlab::grading
