// Grader of activity 3: answers.toml. The predictions are compared with the same experiments, made here and
// now with the reference oom.

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "oom_output.hpp"
#include "reference_evidence.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace vmlab;
using namespace vmlab::grading;
using namespace oom_output;
using namespace reference_evidence;

std::string ending_of(const process::Run& run, bool oom_killed) {
    if (oom_killed) {
        return "killed";
    }
    if (run.succeeded()) {
        return "survives";
    }
    return run.status.exited_with(3) ? "null" : run.describe();
}

void expect_prediction(const std::string& key, const std::string& seen, const std::string& next) {
    const std::string predicted = lab().answers().choice("prediction", key, {"killed", "survives", "null"});
    if (predicted == seen) {
        return;
    }
    fail({.expected = "What happened in the experiment that the grader has just made with a correct oom.",
          .observed = fmt::format("Your answer \"{}\" is not what happened.", predicted),
          .evidence = fmt::format("answers.toml: [prediction] {} = \"{}\"", key, predicted),
          .next = next});
}

TEST(Answers, PredictsTheTouchedGigabyte) {
    const arena::ContestantResult& oom = reference_touched.get().contestants.front();
    expect_prediction("touched_gigabyte_in_256_mib", ending_of(oom.run, oom.oom_killed),
                      "Make the experiment: README.md, part 3, number 1.");
}

TEST(Answers, PredictsTheUntouchedGigabyte) {
    const arena::ContestantResult& oom = reference_untouched.get().contestants.front();
    expect_prediction("untouched_gigabyte_in_256_mib", ending_of(oom.run, oom.oom_killed),
                      "Make the experiment: README.md, part 3, number 2.");
}

TEST(Answers, PredictsTheGigabyteUnderUlimit) {
    expect_prediction("gigabyte_under_ulimit_v_512_mib", ending_of(reference_under_ulimit.get(), false),
                      "Make the experiment: README.md, part 3, number 3.");
}

TEST(Answers, PredictsTheExitStatus) {
    const std::string& out = killed_below_a_shell.get().contestants.front().run.out;
    const std::int64_t predicted = lab().answers().integer("prediction", "exit_status_seen_by_the_shell");
    if (last_line(out) == fmt::format("exit status {}", predicted)) {
        return;
    }
    fail({.expected =
              "What sh printed for $? after the OOM killer had killed its child, in an arena, just now.",
          .observed = fmt::format("Your answer {} is not what it printed.", predicted),
          .evidence = fmt::format("answers.toml: [prediction] exit_status_seen_by_the_shell = {}", predicted),
          .next = "man bash, section EXIT STATUS. kill -l lists the numbers of the signals."});
}

}  // namespace
