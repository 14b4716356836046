#include "vmlab/grading/result.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace vmlab::grading {
namespace {

using ::testing::HasSubstr;

CheckResult check(OutcomeKind outcome, int points = 10) {
    CheckResult result;
    result.name = "Name";
    result.title = "A sentence";
    result.outcome = outcome;
    result.max_score = points;
    if (outcome == OutcomeKind::passed) {
        result.score = points;
    } else {
        result.card = {"expected", "observed", "evidence", "why", "next"};
    }
    if (outcome == OutcomeKind::failed) {
        result.reason = Reason::crashed;
    }
    return result;
}

Result result_of(std::vector<CheckResult> checks) {
    Result result;
    result.vmlab_version = "1.0";
    result.environment = {"cgroup1", "namespaces", "6.1", "valgrind-3.19.0", "g++ 12"};
    result.activities.push_back({1, "heap-growth", "Which way?", std::move(checks)});
    return result;
}

TEST(ResultTest, AddsUpScores) {
    const Result result =
        result_of({check(OutcomeKind::passed, 30), check(OutcomeKind::failed, 20),
                   check(OutcomeKind::cannot_judge, 40), check(OutcomeKind::grader_error, 10)});
    EXPECT_EQ(result.score(), 30);
    EXPECT_EQ(result.max_score(), 100);
    EXPECT_EQ(result.judged_max_score(), 50);
    EXPECT_FALSE(result.score_withheld());
}

TEST(ResultTest, ExitStatus) {
    using Kind = OutcomeKind;
    const auto status = [](const std::vector<OutcomeKind>& outcomes) {
        std::vector<CheckResult> checks;
        for (const OutcomeKind outcome : outcomes) {
            checks.push_back(check(outcome));
        }
        return result_of(checks).exit_status();
    };
    EXPECT_EQ(status({Kind::passed, Kind::passed}), 0);
    EXPECT_EQ(status({Kind::passed, Kind::failed}), 1);
    EXPECT_EQ(status({Kind::passed, Kind::cannot_judge}), 3);
    EXPECT_EQ(status({Kind::cannot_judge, Kind::failed}), 1);
    EXPECT_EQ(status({Kind::failed, Kind::grader_error}), 4);
    EXPECT_EQ(status({Kind::cannot_judge, Kind::tamper_suspected}), 4);
    EXPECT_EQ(status({}), 4);
    EXPECT_EQ(Result{}.exit_status(), 4);
}

TEST(ResultTest, SurvivesTheWayThroughJson) {
    const Result before = result_of({check(OutcomeKind::passed), check(OutcomeKind::failed),
                                     check(OutcomeKind::cannot_judge), check(OutcomeKind::grader_error)});
    const auto after = result_from_json(to_json_text(before));
    ASSERT_TRUE(after) << after.error().what;
    EXPECT_EQ(to_json(*after), to_json(before));
    EXPECT_EQ(after->activities[0].checks[1].card, before.activities[0].checks[1].card);
    EXPECT_EQ(after->activities[0].checks[1].reason, Reason::crashed);
    EXPECT_EQ(after->environment.valgrind, "valgrind-3.19.0");
}

TEST(ResultTest, JsonHasTheFieldsOfTheContract) {
    const auto json = to_json(result_of({check(OutcomeKind::passed), check(OutcomeKind::failed)}));
    EXPECT_EQ(json.at("schema"), "vmlab/result/v1");
    EXPECT_EQ(json.at("score"), 10);
    EXPECT_EQ(json.at("judged_max_score"), 20);
    EXPECT_EQ(json.at("environment").at("isolation"), "namespaces");
    const auto& checks = json.at("activities").at(0).at("checks");
    EXPECT_EQ(checks.at(0).at("outcome"), "passed");
    EXPECT_FALSE(checks.at(0).contains("card"));
    EXPECT_FALSE(checks.at(0).contains("reason"));
    EXPECT_EQ(checks.at(1).at("reason"), "crashed");
    EXPECT_EQ(checks.at(1).at("card").at("next"), "next");
}

TEST(ResultTest, WithholdsTheScoreWhenTamperingIsSuspected) {
    const Result result = result_of({check(OutcomeKind::passed), check(OutcomeKind::tamper_suspected)});
    EXPECT_TRUE(result.score_withheld());
    const auto json = to_json(result);
    EXPECT_TRUE(json.at("score").is_null());
    EXPECT_TRUE(json.at("activities").at(0).at("score").is_null());
    const auto after = result_from_json(to_json_text(result));
    ASSERT_TRUE(after);
    EXPECT_TRUE(after->score_withheld());
}

TEST(ResultTest, BytesThatAreNoUtf8AreReplaced) {
    CheckResult bad = check(OutcomeKind::failed);
    bad.card.observed = "\xff\xfe before \xc3";
    const auto after = result_from_json(to_json_text(result_of({bad})));
    ASSERT_TRUE(after) << after.error().what;
    EXPECT_THAT(after->activities[0].checks[0].card.observed, HasSubstr(" before "));
}

TEST(ResultTest, RefusesWhatIsNoResult) {
    for (const char* text :
         {"", "[]", "{}", "{\"schema\":\"vmlab/result/v2\"}", "{\"schema\":\"vmlab/result/v1\"}"}) {
        EXPECT_FALSE(result_from_json(text)) << text;
    }
    std::string wrong = to_json_text(result_of({check(OutcomeKind::passed)}));
    wrong.replace(wrong.find("\"passed\""), 8, "\"triumph\"");
    EXPECT_THAT(result_from_json(wrong).error().what, HasSubstr("triumph"));
}

TEST(ResultTest, NamesAreReadBack) {
    for (const char* name : {"passed", "failed", "cannot-judge", "tamper-suspected", "grader-error"}) {
        EXPECT_EQ(name_of(outcome_kind(name).value()), name);
    }
    for (const char* name : {"wrong-result", "build-error", "crashed", "timed-out", "out-of-memory",
                             "output-limit", "missing-file"}) {
        EXPECT_EQ(name_of(reason_of(name).value()), name);
    }
    EXPECT_FALSE(outcome_kind("triumph"));
    EXPECT_FALSE(reason_of(""));
}

}  // namespace
}  // namespace vmlab::grading
