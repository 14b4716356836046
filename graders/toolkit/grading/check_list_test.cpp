#include "grading/check_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vmlab::grading {
namespace {

using ::testing::HasSubstr;

class AgreedChecks : public ::testing::Test {
  protected:
    AgreedChecks() { activity.checks = {{"First", "", 60}, {"Second", "", 40}}; }

    static CheckResult passed(const std::string& name, int points) {
        CheckResult check;
        check.name = name;
        check.outcome = OutcomeKind::passed;
        check.score = check.max_score = points;
        return check;
    }
    [[nodiscard]] std::vector<CheckResult> agreed(const std::vector<CheckResult>& found) const {
        return agreed_checks(found, activity);
    }

    Activity activity;
};

TEST_F(AgreedChecks, AreTheOnesFoundInTheOrderOfTheActivity) {
    const auto checks = agreed({passed("Second", 40), passed("First", 60)});
    ASSERT_EQ(checks.size(), 2U);
    EXPECT_EQ(checks[0].name, "First");
    EXPECT_EQ(checks[0].outcome, OutcomeKind::passed);
    EXPECT_EQ(checks[1].score, 40);
}

TEST_F(AgreedChecks, AMissingOneIsTheGradersFault) {
    const auto checks = agreed({passed("First", 60)});
    ASSERT_EQ(checks.size(), 2U);
    EXPECT_EQ(checks[1].outcome, OutcomeKind::grader_error);
    EXPECT_EQ(checks[1].max_score, 40);
    EXPECT_THAT(checks[1].card.observed, HasSubstr("lacks the check Second"));
}

TEST_F(AgreedChecks, NoCheckAtAllIsNoResult) {
    for (const CheckResult& check : agreed({})) {
        EXPECT_EQ(check.outcome, OutcomeKind::grader_error);
    }
    EXPECT_EQ(agreed({}).size(), 2U);
}

TEST_F(AgreedChecks, ADoubledOneIsTheGradersFault) {
    const auto checks = agreed({passed("First", 60), passed("Second", 40), passed("First", 60)});
    ASSERT_EQ(checks.size(), 2U);
    EXPECT_EQ(checks[0].outcome, OutcomeKind::grader_error);
    EXPECT_EQ(checks[0].score, 0);
}

TEST_F(AgreedChecks, AnUnknownOneIsTheGradersFault) {
    const auto checks = agreed({passed("First", 60), passed("Second", 40), passed("Third", 10)});
    ASSERT_EQ(checks.size(), 3U);
    EXPECT_EQ(checks[2].outcome, OutcomeKind::grader_error);
    EXPECT_EQ(checks[2].score, 0);
    EXPECT_EQ(checks[2].max_score, 0);
}

TEST_F(AgreedChecks, OtherPointsAreTheGradersFault) {
    EXPECT_EQ(agreed({passed("First", 61), passed("Second", 40)})[0].outcome, OutcomeKind::grader_error);
    CheckResult half = passed("First", 60);
    half.score = 30;
    EXPECT_EQ(agreed({half, passed("Second", 40)})[0].outcome, OutcomeKind::grader_error);
    CheckResult failed = passed("First", 60);
    failed.outcome = OutcomeKind::failed;
    EXPECT_EQ(agreed({failed, passed("Second", 40)})[0].outcome, OutcomeKind::grader_error);
}

TEST_F(AgreedChecks, OnlyWhatWasAskedForIsWanted) {
    const auto checks = agreed_checks({passed("Second", 40)}, activity, {"Second"});
    ASSERT_EQ(checks.size(), 1U);
    EXPECT_EQ(checks[0].outcome, OutcomeKind::passed);
    EXPECT_EQ(agreed_checks({}, activity, {"Second"})[0].outcome, OutcomeKind::grader_error);
}

}  // namespace
}  // namespace vmlab::grading
