// Grader of activity 5: answers.toml, compared with live runs. A card never tells which answer is wrong.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "address_space.hpp"
#include "rounds.hpp"
#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace free_loop;

/// An answer and what the run showed.
struct Answer {
    std::string_view key;
    bool given;
    bool measured;
};

void expect_answers(const std::string& table, const std::vector<Answer>& answers, Card card) {
    const auto right = std::count_if(answers.begin(), answers.end(),
                                     [](const Answer& answer) { return answer.given == answer.measured; });
    if (right == static_cast<std::ptrdiff_t>(answers.size())) {
        return;
    }
    card.observed =
        fmt::format("{} of the {} answers below [{}] agree with the run", right, answers.size(), table);
    if (answers.size() == 1) {
        card.observed = fmt::format("the answer below [{}] does not agree with the run", table);
    }
    card.evidence = "answers.toml:";
    for (const Answer& answer : answers) {
        card.evidence += fmt::format("\n{} = {}", answer.key, answer.given);
    }
    fail(std::move(card));
}

TEST(Free, AnswersWhereTheStartersBlocksLie) {
    const grading::Answers answers = lab().answers();
    const auto given = [&answers](std::string_view key) { return answers.boolean("starter", key); };
    const std::string_view early = "first_pointer_moves_between_rounds_1_and_2";
    const std::string_view late = "first_pointer_moves_after_round_2";
    const std::string_view second = "second_pointer_moves";
    const std::vector<Round> rounds = rounds_in(starter.get().run.out);
    const std::vector<Round> first_two(rounds.begin(), rounds.begin() + 2);
    expect_answers(
        "starter",
        {{early, given(early), moves(first_two, &Round::first, 2)},
         {late, given(late), moves(rounds, &Round::first, 3)},
         {second, given(second), moves(rounds, &Round::second, 2)}},
        {.expected = fmt::format("what the original program prints in one run of {} rounds: does an "
                                 "address differ from the one above it?",
                                 rounds_of_the_original),
         .next = "../../scripts/lab show 5 starter > original.cpp &&\n"
                 "g++ -std=c++20 -g -O0 original.cpp -lfmt -o original &&\n"
                 "./original 6   # not under Valgrind: it has a malloc of its own"});
}

TEST(Free, AnswersWhereTheFixedProgramsBlockLies) {
    const std::string_view key = "second_pointer_moves";
    const bool given = lab().answers().boolean("fixed", key);
    const std::vector<Round> rounds = rounds_in(reference.get().run.out);
    expect_answers(
        "fixed", {{key, given, moves(rounds, &Round::second, 2)}},
        {.expected = "what the finished program prints when each block is freed as soon as its address "
                     "has been printed: does the second address differ from the one above it?",
         .next = build_and("free_loop", with_rounds(rounds_of_the_original).under(strace)) +
                 "   # compare the results of mmap"});
}

/// Of a run of the probe: whether the kernel got the block's memory back between the line with its address
/// and the line "freed".
bool returned_to_the_kernel(const SyscallRun& run) {
    const std::vector<evidence::PacedLine> lines = run.paced_lines();
    const std::vector<std::uint64_t> block = addresses_in(run.run.out);
    if (lines.size() != 3 || block.size() != 1) {
        grading::raise({process::ErrorKind::failed,
                        "the grader's own free_one_block.cpp printed: " + excerpt(run.run.out),
                        "run it by hand: it lies in graders/05-free/probes"});
    }
    return given_back(run.calls, block[0], lines[1].call, lines[2].call);
}

TEST(Free, AnswersWhoGetsTheMemoryBack) {
    const grading::Answers answers = lab().answers();
    const std::string_view large = "block_of_20_million_bytes_returned_in_round_1";
    const std::string_view small = "block_of_20_bytes_returned_to_the_kernel";
    const bool large_given = answers.boolean("after_free", large);
    const bool small_given = answers.boolean("after_free", small);
    expect_answers(
        "after_free",
        {{large, large_given, returned_to_the_kernel(freed_20_million_bytes.get())},
         {small, small_given, returned_to_the_kernel(freed_20_bytes.get())}},
        {.expected = "whether strace shows a munmap of the block's memory, or a brk that lowers the end "
                     "of the heap below it, at the moment of free()",
         .next = build_and("free_loop", three_rounds.under("strace -e trace=brk,mmap,munmap,write")) +
                 "   # the 20 bytes: ../../scripts/lab hint 5"});
}

}  // namespace
