#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/evidence/memcheck.hpp"
#include "vmlab/grading/result.hpp"

namespace vmlab::grading {

/// One way in which a program was run under Memcheck. The run must outlive it.
struct WatchedRun {
    std::string when;  ///< completes Memcheck's sentence on a card: "when malloc returns NULL"; may be empty
    const evidence::MemcheckRun& run;
    std::string next;  ///< the card's next command
};

/// A mistake that Memcheck saw, as a card tells it: its sentence and the rows of `source` in its call stack.
/// The reason is one for the kind of mistake.
[[nodiscard]] Card card_of(const evidence::MemoryError& error, std::string_view source,
                           const WatchedRun& watched);

/// The card of the first error other than a leak in these runs, in their order, that is about freeing or not,
/// as asked for; nothing when there is none. Not told of: what a program does to a null pointer (it crashes
/// by that, and has nothing to do with its blocks).
[[nodiscard]] std::optional<Card> first_memory_error(const std::vector<WatchedRun>& runs,
                                                     std::string_view source, bool about_freeing);
/// Of either kind.
[[nodiscard]] std::optional<Card> first_memory_error(const std::vector<WatchedRun>& runs,
                                                     std::string_view source);

/// A call stack as Memcheck prints it: the innermost row, and those that lie in `source`. The lines that
/// answers.toml asks for are not told.
[[nodiscard]] std::string rows_of(const std::vector<evidence::Frame>& stack, std::string_view source,
                                  const std::set<std::int64_t>& asked_for = {});

}  // namespace vmlab::grading
