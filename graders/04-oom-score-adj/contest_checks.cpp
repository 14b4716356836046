// Grader of activity 4: whom does the kernel kill? Two instances run out of memory together in an arena.

#include <fmt/format.h>
#include <linux/oom.h>

#include <string>

#include "contest.hpp"
#include "machine.hpp"
#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace std::chrono_literals;
using namespace vmlab;
using grading::excerpt;
using grading::fail;
using grading::Lab;
using grading::Shared;
using namespace oom_score;

/// The small one has the highest oom_score_adj that there is, the other one grows. Both together need 72 of
/// the arena's 64 MiB, the larger one alone has room: so just one dies, and who died first is no matter of
/// timing. Pauses of seconds, so that a program may sleep before a chunk as well as after it.
Shared<arena::Outcome> small_against_growing{[](Lab& lab) {
    const auto& program = lab.program("oom_score");
    return compete(lab, lab.job(program, {"--adj", "1000", "--chunk-mb", "16", "--pause", "5"}), 4,
                   lab.job(program, {"--chunk-mb", "28", "--limit-mb", "56", "--pause", "1"}));
}};

TEST(OomScore, DiesFirstWithTheHigherScore) {
    const arena::Outcome& outcome = small_against_growing.get();
    const auto& small = outcome.contestants[0];
    const auto& growing = outcome.contestants[1];
    // A program that ignores --limit-mb dies too, but later.
    if (small.oom_killed && (!growing.oom_killed || small.died_as < growing.died_as)) {
        return;
    }
    fail({
        .expected = "two instances in an arena of 64 MiB, one with --adj 1000 --chunk-mb 16 that sleeps, one "
                    "without --adj that grows to 56 MiB: the kernel kills the small one first",
        .observed =
            fmt::format("the small one: {}; the growing one: {}; OOM kills counted by the kernel: {}",
                        small.oom_killed ? "OOM-killed" : small.run.describe(),
                        growing.oom_killed ? "OOM-killed" : growing.run.describe(), outcome.oom_kills),
        .evidence = "the small one: " + end_of(small) + "\nthe growing one: " + end_of(growing),
        .next = "../../scripts/lab run 4 -- --adj 1000 --chunk-mb 16",
    });
}

/// Where this machine does not let a program exempt itself, the VM arena does.
void expect_survival_in_a_machine() {
    const arena::Outcome& outcome = whole_machine.get();
    if (!exempted_survived(outcome)) {
        fail(card_on_the_exempted(outcome));
    }
}

TEST(OomScore, SurvivesWhenExempted) {
    if (!arena::can_lower_oom_score_adj()) {
        expect_survival_in_a_machine();
        return;
    }
    Lab& lab = grading::lab();
    const std::string lowest = std::to_string(OOM_SCORE_ADJ_MIN);
    const arena::Outcome outcome = compete_with_exempted(
        lab, lab.job(lab.program("oom_score"), {"--adj", lowest, "--chunk-mb", "40", "--pause", "5"}), 4,
        lab.job(lab.probe("probes/kernel_facts.cpp"), {"grow", "512"}));
    const auto& large = outcome.contestants[0];
    if (survived(outcome) && told_and_exempted(outcome, large, large.run.pid, 40)) {
        return;
    }
    fail({
        .expected = "an arena of 64 MiB, an instance with 40 MiB in it that its --adj exempts, and a "
                    "program beside it that grows: the growing one is killed and the exempted one lives",
        .observed = fmt::format(
            "the exempted one: {}; the growing one: {}",
            large.oom_killed ? "OOM-killed" : large.run.describe(),
            outcome.contestants[1].oom_killed ? "OOM-killed" : outcome.contestants[1].run.describe()),
        .evidence = "the exempted one: " + end_of(large) + "\n" + excerpt(large.run.out + large.run.err),
        .next = "../../scripts/lab hint 4",
    });
}

}  // namespace
