// Grader of activity 9: where do a program's things lie?
//
// areas waits when it has told of itself, and the grader reads the kernel's list of its mappings meanwhile;
// the ELF file says in which section an address of the program lies. Texts of other processes' mappings are
// drawn.
//
// Here stand the checks on foreign maps, lines and usage; own_checks.cpp and answers_checks.cpp hold the
// others.

#include <fmt/format.h>

#include <string>
#include <vector>

#include "maps_text.hpp"
#include "runs.hpp"
#include "vmlab/grading/dialogue.hpp"

namespace {

using namespace areas;

/// A text, the addresses that are asked for in it, and what came back.
struct Inquiry {
    std::vector<Row> rows;
    std::vector<Question> questions;
    Experiment experiment;
    process::Run run;
};

/// With 0x and without, in lower case and upper.
std::string written(std::uint64_t address, std::size_t position) {
    switch (position % 4) {
        case 0:
            return fmt::format("{:#x}", address);
        case 1:
            return fmt::format("{:x}", address);
        case 2:
            return fmt::format("0x{:016X}", address);
        default:
            return fmt::format("{:020x}", address);
    }
}

Inquiry inquire(Lab& lab, std::vector<Row> rows, std::vector<Question> questions) {
    std::vector<std::string> arguments;
    arguments.reserve(questions.size());
    for (const Question& question : questions) {
        arguments.push_back(written(question.address, arguments.size()));
    }
    Inquiry inquiry{std::move(rows), std::move(questions), areas::experiment(std::move(arguments)), {}};
    grading::NativeOptions how;
    how.input = text_of(inquiry.rows);
    inquiry.run = inquiry.experiment.native(lab, how);
    return inquiry;
}

Inquiry usual_inquiry(Lab& lab) {
    constexpr std::array<std::string_view, 6> paths = {
        "/usr/bin/program-#", "/usr/lib/libdrawn.so.#", "", "", "/tmp/file-#", "[heap]"};
    std::vector<Row> rows = drawn_rows(paths, grading::drawn(20, 40));
    std::vector<Question> questions = questions_on(rows, 60);
    return inquire(lab, std::move(rows), std::move(questions));
}

Inquiry unusual_inquiry(Lab& lab, std::size_t lines) {
    constexpr std::array<std::string_view, 10> paths = {"/home/me/my program #",
                                                        "/tmp/gone-# (deleted)",
                                                        "[anon:pool #]",
                                                        "[stack:#]",
                                                        "",
                                                        "/memfd:a  b # (deleted)",
                                                        "//anon",
                                                        "/tmp/ends with a blank # ",
                                                        "/dev/zero (deleted)",
                                                        "[vvar]"};
    std::vector<Row> rows = drawn_rows(paths, lines);
    for (Row& row : rows) {
        row.of_a_large_file = drawn(0, 2) == 0;
    }
    if (!rows.empty()) {
        rows.push_back({.start = 0xffffffffff600000,
                        .end = 0xffffffffff601000,
                        .permissions = "--xp",
                        .path = "[vsyscall]"});
    }
    std::vector<Question> questions = questions_on(rows, 60);
    questions.push_back({0xffffffffff600000, rows.empty() ? "unmapped" : rows.back().told()});
    questions.push_back({0xffffffffff600fff, rows.empty() ? "unmapped" : rows.back().told()});
    questions.push_back({0xffffffffff601000, "unmapped"});
    return inquire(lab, std::move(rows), std::move(questions));
}

Shared<std::vector<Inquiry>> usual_texts{[](Lab& lab) {
    return std::vector<Inquiry>{usual_inquiry(lab), usual_inquiry(lab)};
}};
Shared<std::vector<Inquiry>> unusual_texts{[](Lab& lab) {
    return std::vector<Inquiry>{unusual_inquiry(lab, 30), unusual_inquiry(lab, drawn(9000, 12'000)),
                                unusual_inquiry(lab, 0)};
}};

/// The row that decides, as it stood in the text.
std::string row_for(const Inquiry& inquiry, std::uint64_t address) {
    std::string below = "(the text is empty)";
    for (const Row& row : inquiry.rows) {
        if (row.start <= address || &row == &inquiry.rows.front()) {
            below = text_of({row});
        }
    }
    return below.ends_with('\n') ? below.substr(0, below.size() - 1) : below;
}

void expect_answers(const Inquiry& inquiry) {
    const auto lines = grading::lines_of(inquiry.run.out);
    for (std::size_t i = 0; i < inquiry.questions.size(); ++i) {
        const Question& question = inquiry.questions[i];
        const std::string due = fmt::format("{:#x} {}", question.address, question.told);
        const auto words = i < lines.size() ? grading::words_of(lines[i]) : std::vector<std::string>();
        const bool is_right = !words.empty() && grading::address_of(words[0]) == question.address &&
                              behind(lines[i], 1) == question.told;
        if (is_right) {
            continue;
        }
        fail_run(inquiry.run, fmt::format("running ./areas with {} addresses", inquiry.questions.size()),
                 {.expected = fmt::format("for address {}: \"{}\"", inquiry.experiment.arguments[i], due),
                  .observed = i < lines.size() ? fmt::format("\"{}\"", shown(lines[i], 1))
                                               : fmt::format("{} line(s) for {} addresses", lines.size(),
                                                             inquiry.questions.size()),
                  .evidence = fmt::format("{} lines on stdin; the last that does not begin above it:\n{}",
                                          inquiry.rows.size(), row_for(inquiry, question.address)),
                  .next = build_and("areas",
                                    fmt::format("echo '{}' | ./areas {}", row_for(inquiry, question.address),
                                                inquiry.experiment.arguments[i]))});
    }
    if (lines.size() != inquiry.questions.size()) {
        fail({.expected = fmt::format("{} lines, one for each address", inquiry.questions.size()),
              .observed = fmt::format("{}", lines.size()),
              .evidence = shown(inquiry.run.out, 3),
              .next = build_and("areas", "./areas 400000 < /proc/self/maps")});
    }
    grading::expect_exit_status(inquiry.run, 0, "running ./areas with addresses");
}

TEST(ForeignMaps, FindsAddressesInAnyMaps) {
    for (const Inquiry& inquiry : usual_texts.get()) {
        expect_answers(inquiry);
    }
}

TEST(ForeignMaps, ReadsEveryFormOfLine) {
    for (const Inquiry& inquiry : unusual_texts.get()) {
        expect_answers(inquiry);
    }
}

TEST(Lines, PrintsItsLinesAndWaits) {
    const Session& session = usual.get();
    if (session.flaw) {
        expect_lines(session);
    }
    grading::expect_exit_status(session.run, 0, session.experiment.doing());
    grading::expect_whole_lines_awaited(lab(), experiment(), 1, build_and("areas", "./areas"));
    const process::Run at_end = experiment().native(lab());
    if (grading::lines_of(at_end.out).size() != things.size() + 1) {
        fail_run(at_end, experiment().doing(),
                 {.expected = "at the end of its input it does not wait: ten lines, exit status 0",
                  .observed = fmt::format("{} line(s)", grading::lines_of(at_end.out).size()),
                  .evidence = fmt::format("$ ./areas < /dev/null\n{}", shown(at_end.out, 10)),
                  .next = build_and("areas", "./areas < /dev/null")});
    }
    grading::expect_exit_status(at_end, 0, experiment().doing());
}

TEST(Lines, RefusesBadUsage) {
    const std::vector<std::vector<std::string>> wrong = {{"x"},          {""},      {"400000", "12g"},
                                                         {"0x"},         {"-1"},    {"10000000000000000"},
                                                         {"400000", ""}, {"+5"},    {" 5"},
                                                         {"5 "},         {"0x0x5"}, {"0x-5"},
                                                         {"0x 5"},       {"--"},    {"--", "400000"}};
    for (const auto& arguments : wrong) {
        const Experiment bad = experiment(arguments);
        grading::NativeOptions how;
        how.input = "00400000-00401000 r-xp 00000000 08:01 1                                  /bin/x\n";
        const process::Run run = bad.native(lab(), how);
        if (run.status.exited_with(2) && run.out.empty() && !run.err.empty()) {
            continue;
        }
        fail({.expected = "a message on stderr, nothing on stdout, exit status 2",
              .observed = run.describe() + (run.err.empty() ? "; nothing on stderr" : ""),
              .evidence = fmt::format("$ {}\nstdout: {}", bad.command(), shown(run.out, 2)),
              .next = build_and("areas", bad.command()) + " < /proc/self/maps; echo \"exit status $?\""});
    }
}

}  // namespace
