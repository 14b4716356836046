// Grader of activity 7: answers.toml, compared with live runs of programs that the grader trusts. A card
// never tells which answer is wrong.

#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "runs.hpp"

namespace {

using namespace faults;

constexpr std::uint64_t asked_pages = 1000;

Shared<Session> trusted{[](Lab& lab) {
    Session session = dialogue(lab, lab.reference("faults"), asked_pages);
    if (session.flaw) {
        grading::raise(
            {process::ErrorKind::failed,
             fmt::format("the grader's own faults.cpp: {}; {}", *session.flaw, session.run.describe()),
             "run it by hand: it lies in graders/07-demand-paging/solution"});
    }
    return session;
}};

/// What a byte holds when its page was given back, and whether its address is still there.
struct AfterDiscard {
    std::int64_t value = 0;
    bool is_mapped = false;
};

Shared<AfterDiscard> after_discard{[](Lab& lab) {
    const process::Run run = lab.native(lab.probe("probes/after_discard.cpp"));
    const auto words = grading::words_of(grading::last_line(run.out));
    const auto value = words.size() == 2 ? grading::whole_number(words[0]) : std::nullopt;
    if (!value || !run.succeeded()) {
        grading::raise(
            {process::ErrorKind::failed,
             fmt::format("the grader's own after_discard.cpp: {}, {}", run.describe(), shown(run.out)),
             "run it by hand: it lies in graders/07-demand-paging/probes"});
    }
    return AfterDiscard{static_cast<std::int64_t>(*value), words[1] == "mapped"};
}};

std::uint64_t grown(const Session& session, Step from, Step to) {
    const std::uint64_t before = session.at(from).outside.anonymous_bytes;
    const std::uint64_t after = session.at(to).outside.anonymous_bytes;
    return after > before ? after - before : 0;
}

TEST(Answers, AnswersWhatAPageCosts) {
    const grading::Answers answers = lab().answers();
    const std::int64_t first_write = answers.integer("read", "faults_of_the_first_write");
    const std::string after_reading =
        answers.choice("read", "resident_after_reading", {"all", "half", "almost none"});
    const bool child_reads = answers.boolean("fork", "child_has_a_fault_for_each_page_read");
    const std::int64_t parents = answers.integer("fork", "faults_of_the_parent_for_1000_pages");
    const std::int64_t both = answers.integer("fork", "pages_of_ram_for_both");
    const std::int64_t value = answers.integer("discard", "value_after_discard");
    const bool takes_addresses = answers.boolean("discard", "discard_takes_addresses_away");

    const Session& run = trusted.get();
    const auto printed = [&](Step step) { return static_cast<std::int64_t>(run.at(step).line.faults); };
    const auto near = [](std::int64_t one, std::int64_t other) {
        return std::abs(one - other) <= 20 ? 1 : 0;
    };
    const auto all = static_cast<std::int64_t>(asked_pages);
    const int right =
        (first_write == (printed(Step::write) + all / 2) / all ? 1 : 0) +
        (after_reading == grading::share_of(grown(run, Step::map, Step::read), asked_pages * page) ? 1 : 0) +
        (child_reads == (printed(Step::child_read) > all / 2) ? 1 : 0) +
        near(parents, printed(Step::parent_write)) + near(both, all + printed(Step::child_write)) +
        (value == after_discard.get().value ? 1 : 0) +
        (takes_addresses != after_discard.get().is_mapped ? 1 : 0);
    grading::expect_all_right(right, 7, "[read], [fork] and [discard]",
                              build_and("faults", "./faults 1000 < /dev/null"));
}

}  // namespace
