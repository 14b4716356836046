#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/grading/result.hpp"
#include "vmlab/process/run.hpp"

// What graders ask of the text that a program printed, and how they show it. Pure functions: any thread may
// call them.

namespace vmlab::grading {

/// The lines of a text without their newlines. What stands behind the last newline is a line too.
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);

/// Empty when there is none.
[[nodiscard]] std::string last_line(std::string_view text);

/// What stands between blanks and tabs.
[[nodiscard]] std::vector<std::string> words_of(std::string_view line);

/// The value of a word that is an address in any usual form: "0x" or "0X", hexadecimal digits in upper or
/// lower case, with leading zeros or without. Absent for anything else, and for more than 64 bits.
[[nodiscard]] std::optional<std::uint64_t> address_of(std::string_view word);

/// The value of a word of decimal digits alone. Absent for anything else, and for more than 64 bits.
[[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view word);

/// The number of a word such as "peak=6776", behind its label "peak=". Absent for any other word.
[[nodiscard]] std::optional<std::uint64_t> number_behind(std::string_view label, std::string_view word);

/// Whether a line of a message begins with the name of its program, or with the path by which it was started,
/// and then a colon, a blank or nothing: "oom: out of memory", "./oom: …". There may be other lines.
[[nodiscard]] bool begins_with_name(std::string_view message, std::string_view program);

/// A text for a card: the first `lines` lines, made printable; "(nothing)" when it is empty.
[[nodiscard]] std::string shown(std::string_view text, std::size_t lines = 8);

/// 20000000 as "20,000,000", the way Memcheck writes numbers.
[[nodiscard]] std::string grouped(std::int64_t number);

/// Fails the check with this card; but a program that crashed or crossed a limit hears of that first
/// (expect_exit). A run that the grader stopped because it had seen enough did nothing wrong by going on.
[[noreturn]] void fail_run(const process::Run& run, const std::string& doing, Card card);

}  // namespace vmlab::grading
