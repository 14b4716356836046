// Grader of activity 4: answers.toml. What is asked is measured on this machine with a probe of our own.

#include <fmt/format.h>
#include <linux/oom.h>

#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "contest.hpp"
#include "machine.hpp"
#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace std::chrono_literals;
using namespace vmlab;
using grading::Card;
using grading::fail;
using grading::Lab;
using grading::Shared;
using namespace oom_score;

std::string answer_on_sysrq(Lab& lab) {
    return lab.answers().choice("", "sysrq_f_kills", {"leaking", "innocent", "nobody"});
}

/// The same contest between two instances of our own probe.
Shared<arena::Outcome> probe_against_probe{[](Lab& lab) {
    const auto probe = lab.probe("probes/kernel_facts.cpp");
    return hold_twice(
        [&] {
            return compete(lab, lab.job(probe, {"hold", "1000", "16"}), 1, lab.job(probe, {"grow", "56"}));
        },
        [](const arena::Outcome& outcome) {
            return outcome.contestants[0].oom_killed || outcome.contestants[1].oom_killed;
        });
}};
/// A large program and a small one in a machine with memory to spare; then SysRq f. Only measured where there
/// is an answer to compare with.
Shared<arena::Outcome> sysrq_between_probes{[](Lab& lab) {
    (void)answer_on_sysrq(lab);
    const auto probe = lab.probe("probes/kernel_facts.cpp");
    arena::Request request;
    request.scope = arena::Scope::machine;
    request.memory_bytes = machine_mib * mebibyte;
    request.contestants = {{.job = lab.job(probe, {"hold", "0", "32"})},
                           {.job = lab.job(probe, {"hold", "0", "8"}), .start_after_lines = 1}};
    request.manual_kill = arena::ManualKill{.contestant = 1, .after_lines = 1};
    request.over_when_ended = 0;
    return hold_twice([&] { return lab.arena(request); },
                      [](const arena::Outcome& outcome) {
                          return outcome.contestants[0].oom_killed || outcome.contestants[1].oom_killed;
                      });
}};
/// The smallest and the largest value that oom_score_adj takes on this machine.
Shared<std::pair<std::int64_t, std::int64_t>> range_of_adj{[](Lab& lab) {
    grading::NativeOptions options;
    options.arguments = {"range"};
    const process::Run run = lab.native(lab.probe("probes/kernel_facts.cpp"), options);
    std::pair<std::int64_t, std::int64_t> range;
    if (!(std::istringstream(run.out) >> range.first >> range.second)) {
        grading::raise(
            {process::ErrorKind::failed, "the probe of oom_score_adj said nothing: " + run.describe(), {}});
    }
    return range;
}};

TEST(OomScore, KnowsTheExemptingValue) {
    Lab& lab = grading::lab();
    const std::int64_t answer = lab.answers().integer("", "exempting_value");
    const auto [smallest, largest] = range_of_adj.get();
    // Where this machine allows it, the value is tried out: the header that we were built with might be
    // another kernel's.
    if (arena::can_lower_oom_score_adj()) {
        const auto probe = lab.probe("probes/kernel_facts.cpp");
        const auto contest = [&] {
            return compete_with_exempted(lab,
                                         lab.job(probe, {"hold", std::to_string(OOM_SCORE_ADJ_MIN), "40"}), 1,
                                         lab.job(probe, {"grow", "512"}));
        };
        if (!survived(hold_twice(contest, survived))) {
            grading::raise(
                {process::ErrorKind::failed, "the documented value exempts nobody on this kernel", {}});
        }
    }
    if (answer == OOM_SCORE_ADJ_MIN && answer == smallest) {
        return;
    }
    fail({
        .expected =
            "the number that switches the OOM killer off for a process when it is written to oom_score_adj",
        .observed = fmt::format("exempting_value = {}", answer),
        .evidence =
            answer < smallest || answer > largest
                ? fmt::format("the kernel of this machine says \"Invalid argument\" to {}", answer)
                : fmt::format("{} is a valid value, but a process that has it is still a candidate", answer),
        .next = "man 5 proc (look for oom_score_adj), and read /usr/include/linux/oom.h",
    });
}

TEST(OomScore, KnowsWhoDiesFirst) {
    const std::string answer = grading::lab().answers().choice("", "first_to_die", {"higher", "lower"});
    const arena::Outcome& outcome = probe_against_probe.get();
    const auto& likelier = outcome.contestants[0];  // the one with the higher score
    const auto& usual = outcome.contestants[1];
    if (!likelier.oom_killed && !usual.oom_killed) {
        grading::raise(
            {process::ErrorKind::failed,
             fmt::format("nobody was killed in a contest of two probes: the one that holds {}, the "
                         "one that grows {}",
                         likelier.run.describe(), usual.run.describe()),
             "grade again when the machine is less busy"});
    }
    const bool likelier_first =
        likelier.oom_killed && (!usual.oom_killed || likelier.died_as < usual.died_as);
    if (answer == (likelier_first ? "higher" : "lower")) {
        return;
    }
    fail({
        .expected = "what happens on this machine when two processes share 64 MiB and run out of them",
        .observed = fmt::format("first_to_die = \"{}\"", answer),
        .evidence =
            "one at oom_score_adj 1000: " + end_of(likelier) + "\none at oom_score_adj 0: " + end_of(usual),
        .next = "../../scripts/lab run 4 -- --adj 1000 --chunk-mb 16",
    });
}

TEST(OomScore, KnowsWhomSysRqKills) {
    const std::string answer = answer_on_sysrq(grading::lab());
    const arena::Outcome& outcome = sysrq_between_probes.get();
    const auto& large = outcome.contestants[0];
    const auto& small = outcome.contestants[1];
    if (!large.oom_killed && !small.oom_killed) {
        grading::raise(
            {process::ErrorKind::failed,
             fmt::format("SysRq f killed neither of two probes: the large one {}, the small one {}",
                         large.run.describe(), small.run.describe()),
             "grade again when the machine is less busy"});
    }
    const std::string seen = large.oom_killed ? "innocent" : "leaking";
    if (answer == seen) {
        return;
    }
    fail({
        .expected =
            "what has just happened on a machine of 256 MiB with two processes, one holding 32 MB, the "
            "other 8 MB, when f was written to /proc/sysrq-trigger",
        .observed = fmt::format("your answer \"{}\" is not what happened", answer),
        .evidence =
            fmt::format("answers.toml: sysrq_f_kills = \"{}\"; the machine had memory to spare", answer),
        .next = "README.md: \"What about echo f > /proc/sysrq-trigger?\", and how the score is made up",
    });
}

TEST(OomScore, KnowsTheRangeOfTheAdjustment) {
    const std::vector<std::int64_t> answer = grading::lab().answers().integers("", "score_range_of_adj");
    const auto [smallest, largest] = range_of_adj.get();
    if (answer.size() == 2 && answer[0] == smallest && answer[1] == largest) {
        return;
    }
    Card card{
        .expected = "[min, max]: the smallest and the largest number that can be written to oom_score_adj",
        .observed = fmt::format("{} numbers", answer.size()),
        .evidence = "score_range_of_adj in answers.toml",
        .next = "bash -c 'echo 5000 > /proc/self/oom_score_adj'   # then with other numbers",
    };
    if (answer.size() == 2) {
        card.observed = fmt::format("[{}, {}]", answer[0], answer[1]);
        const std::int64_t wrong = answer[0] != smallest ? answer[0] : answer[1];
        card.evidence =
            wrong < smallest || wrong > largest
                ? fmt::format("the kernel of this machine says \"Invalid argument\" to {}", wrong)
                : fmt::format("the kernel of this machine takes {}, and numbers beyond it too", wrong);
    }
    fail(card);
}

}  // namespace
