// Grader of activity 6: answers.toml, compared with live runs of programs that the grader trusts. A card
// never tells which answer is wrong.

#include <fmt/format.h>

#include <string>
#include <vector>

#include "runs.hpp"

namespace {

using namespace resident;

Session trusted(Lab& lab, const Task& task, const Setting& setting = {}) {
    Session session = dialogue(lab, lab.reference("resident"), task, setting);
    if (session.flaw) {
        grading::raise(
            {process::ErrorKind::failed,
             fmt::format("the grader's own resident.cpp: {}; {}", *session.flaw, session.run.describe()),
             "run it by hand: it lies in graders/06-resident-set/solution"});
    }
    return session;
}

bool falls(std::uint64_t from, std::uint64_t to, const Session& session) {
    return to + session.task.chunk / 2 < from;
}

bool now_falls_at_free(const Session& session, std::uint64_t round) {
    return falls(session.at("touched", round).line.now, session.at("freed", round).line.now, session);
}

bool peak_falls(const Session& session) {
    for (std::size_t i = 1; i < session.looks.size(); ++i) {
        if (session.looks[i].line.peak < session.looks[i - 1].line.peak) {
            return true;
        }
    }
    return false;
}

/// The number that a probe prints.
std::uint64_t ask(Lab& lab, const std::string& question) {
    grading::NativeOptions how;
    how.arguments = {question};
    const process::Run run = lab.native(lab.probe("probes/resident_kb.cpp"), how);
    const auto lines = grading::lines_of(run.out);
    const auto number = lines.size() == 1 ? grading::whole_number(lines[0]) : std::nullopt;
    if (!number || !run.succeeded()) {
        grading::raise(
            {process::ErrorKind::failed,
             fmt::format("the grader's own resident_kb.cpp: {}, {}", run.describe(), shown(run.out)),
             "run it by hand: it lies in graders/06-resident-set/probes"});
    }
    return *number * kibibyte;
}

constexpr std::uint64_t large_block = 64 * mebibyte;

Shared<Session> small_blocks{[](Lab& lab) { return trusted(lab, {.rounds = 3, .give_back = true}); }};
Shared<Session> large_blocks{
    [](Lab& lab) { return trusted(lab, {.rounds = 2, .chunk = large_block, .give_back = true}); }};
Shared<Session> nobody_writes{
    [](Lab& lab) { return trusted(lab, {.rounds = 1, .chunk = large_block, .touch = false}); }};
Shared<std::uint64_t> with_calloc{[](Lab& lab) { return ask(lab, "calloc"); }};
Shared<Session> after_a_large_program{[](Lab& lab) {
    return trusted(lab, {.rounds = 1}, {.start = {.resident_bytes_before = 200 * mebibyte}});
}};
Shared<std::uint64_t> after_a_large_child{[](Lab& lab) { return ask(lab, "child"); }};

TEST(Answers, AnswersThePlateau) {
    const grading::Answers answers = lab().answers();
    const std::vector<std::string> shares{"all", "half", "almost none"};
    const auto right = [](bool answered, bool measured) { return answered == measured ? 1 : 0; };
    const bool first = answers.boolean("plateau", "now_falls_at_free_of_round_1");
    const bool second = answers.boolean("plateau", "now_falls_at_free_of_round_2");
    const bool peak = answers.boolean("plateau", "peak_falls_at_any_line");
    const bool large = answers.boolean("plateau", "now_falls_at_free_of_round_2_with_64_mib");
    const std::string by_malloc = answers.choice("untouched", "share_of_a_block_from_malloc", shares);
    const std::string by_calloc = answers.choice("untouched", "share_of_a_block_from_calloc", shares);
    const Session& plain = nobody_writes.get();
    const std::uint64_t grown =
        plain.at("allocated", 1).outside.anonymous_bytes - plain.at("start", 0).outside.anonymous_bytes;
    const int count = right(first, now_falls_at_free(small_blocks.get(), 1)) +
                      right(second, now_falls_at_free(small_blocks.get(), 2)) +
                      right(peak, peak_falls(small_blocks.get())) +
                      right(large, now_falls_at_free(large_blocks.get(), 2)) +
                      (by_malloc == grading::share_of(grown, large_block) ? 1 : 0) +
                      (by_calloc == grading::share_of(with_calloc.get(), large_block) ? 1 : 0);
    grading::expect_all_right(count, 6, "[plateau] and [untouched]",
                              build_and("resident", "./resident --rounds 3 --free < /dev/null"));
}

TEST(Answers, AnswersWhoseMemoryThePeakIs) {
    const grading::Answers answers = lab().answers();
    const std::vector<std::string> sizes{"small", "large"};
    const std::string peak = answers.choice("whose", "peak_at_the_start", sizes);
    const std::string now = answers.choice("whose", "now_at_the_start", sizes);
    const bool child = answers.boolean("whose", "peak_holds_that_of_a_child");
    const Line& start = after_a_large_program.get().looks.front().line;
    const auto size_of = [](std::uint64_t bytes) { return bytes >= 200'000 * kibibyte ? "large" : "small"; };
    const int count = (peak == size_of(start.peak) ? 1 : 0) + (now == size_of(start.now) ? 1 : 0) +
                      (child == (after_a_large_child.get() > 90 * mebibyte) ? 1 : 0);
    grading::expect_all_right(
        count, 3, "[whose]",
        build_and("resident",
                  "python3 -c 'x = bytearray(200_000_000); import os; os.execv(\"./resident\", "
                  "[\"resident\"])' < /dev/null"));
}

}  // namespace
