#include "grading/outcome_recorder.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "vmlab/grading/verdict.hpp"
#include "vmlab/process/tools.hpp"

// The tests called Material.* fail on purpose. They exist only in a second run of this very program, where a
// recorder listens and prints what it made of them.

namespace vmlab::grading {
namespace {

using ::testing::HasSubstr;

bool is_second_run() {
    return std::getenv("VMLAB_RECORD_MATERIAL") != nullptr;
}

class Material : public testing::Test {
  public:
    explicit Material(std::function<void()> body) : body_(std::move(body)) {}
    void TestBody() override { body_(); }

  private:
    std::function<void()> body_;
};

const std::vector<std::pair<const char*, std::function<void()>>> bodies{
    {"Passes", [] {}},
    {"FailsAnExpectation",
     [] {
         EXPECT_EQ(1, 2) << "the first";
         EXPECT_EQ(3, 4) << "the second";
     }},
    {"ThrowsAVerdict",
     [] {
         fail({"five", "four", "", "", ""}, Reason::crashed);
     }},
    {"HasAReasonOfItsOwn",
     [] { fail({.expected = "", .observed = "x", .evidence = "", .why = "its own", .next = ""}); }},
    {"CannotJudge", [] { cannot_judge("no arena", "get one"); }},
    {"ThrowsAnotherException", [] { throw std::runtime_error("boom"); }},
    {"ThrowsANumber", [] { throw 7; }},
    {"IsSkipped", [] { GTEST_SKIP(); }},
    {"ExpectsThenJudges",
     [] {
         EXPECT_EQ(1, 2);
         suspect_tampering({"", "forged", "", "", ""});
     }},
    {"IsInNoActivity", [] {}},
};

[[maybe_unused]] const bool registered = [] {
    for (const auto& [name, body] : bodies) {
        if (is_second_run()) {
            testing::RegisterTest("Material", name, nullptr, nullptr, __FILE__, __LINE__,
                                  [body = body]() -> testing::Test* { return new Material(body); });
        }
    }
    return true;
}();

Activity material() {
    Activity activity;
    for (const char* name :
         {"Passes", "FailsAnExpectation", "ThrowsAVerdict", "HasAReasonOfItsOwn", "CannotJudge",
          "ThrowsAnotherException", "ThrowsANumber", "IsSkipped", "ExpectsThenJudges", "HasNoTest"}) {
        activity.checks.push_back(
            {.name = name, .title = "A sentence", .points = 10, .why = "the lesson", .needs = {}});
    }
    return activity;
}

/// Prints what a recorder makes of them.
class PrintsRecord : public testing::Environment {
  public:
    void SetUp() override {
        if (is_second_run()) {
            testing::UnitTest::GetInstance()->listeners().Append(&recorder_);
        }
    }
    void TearDown() override {
        if (!is_second_run()) {
            return;
        }
        testing::UnitTest& tests = *testing::UnitTest::GetInstance();
        tests.listeners().Release(&recorder_);
        for (const CheckResult& check : recorder_.result(tests).checks) {
            fmt::print("RECORDED {}: {} {} {} {} [{}]\n", check.name, name_of(check.outcome),
                       check.reason ? name_of(*check.reason) : "-", check.score,
                       excerpt(check.card.observed, 1), check.card.why);
        }
        std::fflush(stdout);
    }

  private:
    Activity activity_ = material();
    OutcomeRecorder recorder_{activity_, -1};
};

[[maybe_unused]] const auto* const environment = testing::AddGlobalTestEnvironment(new PrintsRecord);

TEST(OutcomeRecorderTest, TurnsWhatTestsDoIntoOutcomes) {
    const auto run = process::run_tool({"/usr/bin/env", "VMLAB_RECORD_MATERIAL=1",
                                        std::filesystem::read_symlink("/proc/self/exe").string(),
                                        "--gtest_filter=Material.*"});
    ASSERT_TRUE(run) << run.error().what;
    EXPECT_THAT(run->out, HasSubstr("RECORDED FailsAnExpectation: failed wrong-result 0"));
    EXPECT_THAT(run->out, HasSubstr("RECORDED ThrowsAVerdict: failed crashed 0 four [the lesson]"));
    EXPECT_THAT(run->out, HasSubstr("RECORDED HasAReasonOfItsOwn: failed wrong-result 0 x [its own]"));
    EXPECT_THAT(run->out, HasSubstr("RECORDED Passes: passed - 10  []"));
    EXPECT_THAT(run->out, HasSubstr("RECORDED CannotJudge: cannot-judge - 0 no arena []"));
    EXPECT_THAT(run->out,
                HasSubstr("RECORDED ThrowsAnotherException: grader-error - 0 the check ended with an "
                          "exception: boom"));
    EXPECT_THAT(run->out, HasSubstr("RECORDED ThrowsANumber: grader-error - 0"));
    EXPECT_THAT(run->out, HasSubstr("RECORDED IsSkipped: grader-error - 0"));
    EXPECT_THAT(run->out, HasSubstr("RECORDED ExpectsThenJudges: tamper-suspected - 0 forged"));
    EXPECT_THAT(run->out, HasSubstr("RECORDED HasNoTest: grader-error - 0 checks.cpp has no TEST"));
    EXPECT_THAT(run->out, HasSubstr("RECORDED IsInNoActivity: grader-error - 0 activity.toml has no check"));
}

}  // namespace
}  // namespace vmlab::grading
