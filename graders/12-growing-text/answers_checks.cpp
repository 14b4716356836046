// Grader of activity 12: answers.toml, compared with a live run of a program that the grader trusts.

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace growing;

struct Truth {
    std::int64_t longest = 0;
    std::string area;
};

Shared<Truth> truth{[](Lab& lab) {
    const process::Run run = lab.native(lab.probe("probes/predictions.cpp"), {});
    const auto words = grading::words_of(grading::last_line(run.out));
    const auto longest = words.size() == 2 ? grading::whole_number(words[0]) : std::nullopt;
    if (!run.succeeded() || !longest) {
        grading::raise(
            {process::ErrorKind::failed,
             fmt::format("the grader's own predictions.cpp: {}, {}", run.describe(), shown(run.out)),
             "run it by hand: it lies in graders/12-growing-text/probes"});
    }
    return Truth{static_cast<std::int64_t>(*longest), words[1]};
}};

TEST(Answers, AnswersPredictions) {
    const grading::Answers answers = lab().answers();
    const std::int64_t longest = answers.integer("text", "longest_without_a_block");
    const std::string area = answers.choice("text", "second_of_the_same_size_is_in", {"heap", "mapping"});
    const int right = (longest == truth.get().longest ? 1 : 0) + (area == truth.get().area ? 1 : 0);
    if (right == 2) {
        return;
    }
    fail({.expected = "what a small program shows on this machine",
          .observed = fmt::format("{} of the 2 answers below [text] agree with it", right),
          .evidence = "answers.toml, compared with the grader's own run",
          .next = "../../scripts/lab hint 12   # the program is among the hints for answers.toml"});
}

}  // namespace
