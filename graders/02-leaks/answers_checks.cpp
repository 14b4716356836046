// Grader of activity 2, part 1: what was seen of the program as it is given to students.
//
// The right answers are written down nowhere. That program is built here three times (as it is, without -g,
// and with the one free() that answers.toml asks about), and a student's answers are compared with what
// Memcheck says of each. A card never tells the right one.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "questions.hpp"
#include "runs.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/process/files.hpp"

namespace {

using namespace leaks;
using namespace vmlab;
using grading::Card;
using grading::fail;
using grading::lab;
using grading::Shared;

/// The program as it was given out: a student works in activities/02-leaks/leaks.cpp itself.
std::string starter_text(const Lab& lab) {
    return grading::value_or_verdict(process::read_file(lab.grader_folder() / "starter" / source_file));
}

/// The starter holds one free() in a comment. Brings it to life; no line moves.
MemcheckRun watch_starter_with_one_free(Lab& lab) {
    const std::string_view comment = "// std::free(number);";
    std::string text = starter_text(lab);
    const std::size_t at = text.find(comment);
    if (at == std::string::npos || text.find(comment, at + 1) != std::string::npos) {
        grading::raise({process::ErrorKind::failed,
                        fmt::format("the starter does not hold \"{}\" exactly once", comment),
                        "restore graders/02-leaks/starter/leaks.cpp"});
    }
    text.erase(at, std::string_view("// ").size());
    return lab.memcheck(lab.build_text(std::string(source_file), text));
}

Shared<MemcheckRun> starter_without_debug_info{[](Lab& lab) { return watch_starter(lab, false); }};
Shared<MemcheckRun> starter_with_one_free{watch_starter_with_one_free};

void expect_number(const std::string& table, const std::string& key, std::uint64_t measured, Card card) {
    const std::int64_t answer = lab().answers().integer(table, key);
    if (answer >= 0 && static_cast<std::uint64_t>(answer) == measured) {
        return;
    }
    card.observed = fmt::format("answers.toml, [{}]: {} = {}", table, key, answer);
    fail(std::move(card));
}

/// The card of a question that one line of the LEAK SUMMARY answers.
Card summary_card(LeakKind kind) {
    return {.expected = fmt::format("the number in the line \"{}\" of the LEAK SUMMARY", name_of(kind)),
            .observed = "",
            .evidence =
                fmt::format("Memcheck on the original program:   {}: ... bytes in ... blocks", name_of(kind)),
            .next = look_again()};
}

TEST(Leaks, AnswersWhatIsDefinitelyLost) {
    const Card card = summary_card(LeakKind::definitely_lost);
    const MemcheckReport& report = starter.get().report;
    expect_number("starter", "definitely_lost_bytes", report.bytes(LeakKind::definitely_lost), card);
    expect_number("starter", "definitely_lost_blocks", report.blocks(LeakKind::definitely_lost), card);
}

TEST(Leaks, AnswersWhatIsIndirectlyLost) {
    const Card card = summary_card(LeakKind::indirectly_lost);
    const MemcheckReport& report = starter.get().report;
    expect_number("starter", "indirectly_lost_bytes", report.bytes(LeakKind::indirectly_lost), card);
}

TEST(Leaks, AnswersWhatIsPossiblyLost) {
    const Card card = summary_card(LeakKind::possibly_lost);
    const MemcheckReport& report = starter.get().report;
    expect_number("starter", "possibly_lost_bytes", report.bytes(LeakKind::possibly_lost), card);
}

TEST(Leaks, AnswersWhatIsStillReachable) {
    const Card card = summary_card(LeakKind::still_reachable);
    const MemcheckReport& report = starter.get().report;
    expect_number("starter", "still_reachable_bytes", report.bytes(LeakKind::still_reachable), card);
}

TEST(Leaks, AnswersWhichLinesAllocateThem) {
    const auto answer = lab().answers().integers("starter", "definitely_lost_lines");
    const std::set<std::int64_t> named(answer.begin(), answer.end());
    const std::set<std::int64_t> lost = lines_of(starter.get().report.leaks_of(LeakKind::definitely_lost));
    if (named == lost) {
        return;
    }
    Card card{
        .expected =
            "each line of the original leaks.cpp that allocates a definitely lost block, and no other",
        .observed = "every line that is named is right, but at least one is missing",
        .evidence =
            fmt::format("answers.toml, [starter]: definitely_lost_lines = [{}]", fmt::join(answer, ", ")),
        .next = look_again(),
    };
    const auto wrong =
        std::find_if(named.begin(), named.end(), [&lost](auto line) { return !lost.contains(line); });
    if (wrong != named.end()) {
        card.observed =
            fmt::format("line {} is named, but no definitely lost block comes from there", *wrong);
        card.evidence = fmt::format("leaks.cpp:{}: {}", *wrong, line_of(starter_text(lab()), *wrong));
    }
    fail(std::move(card));
}

TEST(Leaks, AnswersWhatDebugInfoIsFor) {
    const bool answer = lab().answers().boolean("without_debug_info", "reports_line_numbers");
    if (answer == names_lines(starter_without_debug_info.get().report)) {
        return;
    }
    fail({.expected = "what Memcheck shows of the original program when it was built without -g",
          .observed = fmt::format("answers.toml, [without_debug_info]: reports_line_numbers = {}", answer),
          .evidence = "the rows of a loss record:   by 0x10...: sum_of_five_integers() (...)",
          .next = original_under("valgrind --leak-check=full", "original", "", false)});
}

TEST(Leaks, AnswersWhatOneFreeChanges) {
    const Card card{
        .expected = "how many blocks are definitely lost when the first integer is freed and nothing else",
        .observed = "",
        .evidence = "Memcheck on that program:   definitely lost: ... bytes in ... blocks",
        .next =
            original_under("valgrind", "one_free", "|\nsed 's|// std::free(number);|std::free(number);|' "),
    };
    const MemcheckReport& report = starter_with_one_free.get().report;
    expect_number("one_free", "definitely_lost_blocks", report.blocks(LeakKind::definitely_lost), card);
}

}  // namespace
