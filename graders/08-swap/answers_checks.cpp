// Grader of activity 8: answers.toml, compared with what the grader's own paging does in the same machine. A
// card never tells which answer is wrong.

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "guest.hpp"

namespace {

using namespace paging;

enum Trusted { killed_or_not, swaps, locks, comes_back, locked_block };

std::vector<Setting> questions() {
    constexpr std::uint64_t limit = 12 * mebibyte;
    const arena::Push reclaim{.reclaim = true};
    return {
        {.task = {}, .where = {}, .memory_bytes = limit, .swap_bytes = 0},
        {.task = {}, .where = {}, .memory_bytes = limit},
        {.task = {.lock = true}, .where = {}, .memory_bytes = limit},
        {.task = {.megabytes = 8}, .where = {}, .pushes = {reclaim}},
        {.task = {.megabytes = 8, .lock = true}, .where = {}, .pushes = {reclaim}},
    };
}

Shared<arena::Outcome> trusted{[](Lab& lab) {
    arena::Request request = machine_with_swap();
    for (const Setting& setting : questions()) {
        request.contestants.push_back(contestant(lab, lab.reference("paging"), setting));
    }
    arena::Outcome outcome = lab.arena(request);
    const bool told = outcome.contestants[swaps].looks.size() == 2 &&
                      outcome.contestants[comes_back].looks.size() == 2 &&
                      outcome.contestants[locked_block].looks.size() == 2;
    if (!told) {
        grading::raise({process::ErrorKind::failed,
                        "the grader's own paging.cpp did not do its work in the VM arena: " +
                            outcome.contestants[swaps].run.describe(),
                        "run it by hand: it lies in graders/08-swap/solution"});
    }
    return outcome;
}};

std::string fate(const arena::ContestantResult& result) {
    return result.oom_killed ? "killed" : "survives";
}

std::uint64_t faults_of_the_pass(const arena::ContestantResult& result) {
    return result.looks[1].sample.major_faults - result.looks[0].sample.major_faults;
}

/// The word that is nearest.
std::string in_words(std::uint64_t faults, const std::vector<std::pair<std::uint64_t, std::string>>& words) {
    std::string found = words.front().second;
    std::uint64_t least = ~std::uint64_t{0};
    for (const auto& [number, word] : words) {
        const std::uint64_t apart = number > faults ? number - faults : faults - number;
        if (apart < least) {
            least = apart;
            found = word;
        }
    }
    return found;
}

TEST(Answers, AnswersWhatHappensAtTheLimit) {
    const grading::Answers answers = lab().answers();
    const std::vector<std::string> fates{"killed", "survives"};
    const std::string without = answers.choice("limit", "without_swap", fates);
    const std::string with_it = answers.choice("limit", "with_swap", fates);
    const std::string in_vain = answers.choice("limit", "with_swap_locked", fates);
    const auto& ran = trusted.get().contestants;
    const int right = (without == fate(ran[killed_or_not]) ? 1 : 0) + (with_it == fate(ran[swaps]) ? 1 : 0) +
                      (in_vain == fate(ran[locks]) ? 1 : 0);
    grading::expect_all_right(right, 3, "[limit]", in_a_machine(large_for_the_machine()));
}

TEST(Answers, AnswersWhatFaultsCost) {
    const grading::Answers answers = lab().answers();
    const std::string swapped = answers.choice("faults", "major_faults_of_a_pass_over_2048_swapped_pages",
                                               {"0", "about 256", "about 2048"});
    const std::string loop = answers.choice("faults", "major_faults_of_a_pass_over_16_mib_in_12",
                                            {"0", "about 1024", "about 4096"});
    const std::string of_locked =
        answers.choice("faults", "swapped_of_a_locked_block", {"all", "half", "none"});
    const auto& ran = trusted.get().contestants;
    const std::uint64_t out = ran[locked_block].looks[0].sample.swap_bytes;
    const int right = (swapped == in_words(faults_of_the_pass(ran[comes_back]),
                                           {{0, "0"}, {256, "about 256"}, {2048, "about 2048"}})
                           ? 1
                           : 0) +
                      (loop == in_words(faults_of_the_pass(ran[swaps]),
                                        {{0, "0"}, {1024, "about 1024"}, {4096, "about 4096"}})
                           ? 1
                           : 0) +
                      (of_locked == in_words(out / mebibyte, {{0, "none"}, {4, "half"}, {8, "all"}}) ? 1 : 0);
    grading::expect_all_right(right, 3, "[faults]", in_a_machine(large_for_the_machine()));
}

}  // namespace
