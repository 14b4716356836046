// The corpus test: the real graders on every submission in this tree whose grade is known. A grader that is
// too strict fails a variant, one that is too lenient passes a wrong submission, and a check that no wrong
// submission can fail is no check.

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "corpus.hpp"
#include "grading/corpus/wrong_submission.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::corpus {

void PrintTo(const Case& each, std::ostream* out) {
    *out << each.full_name();
}

namespace {

namespace fs = std::filesystem;
using grading::CheckResult;
using grading::OutcomeKind;

const fs::path source = VMLAB_SOURCE_DIR;
const fs::path graders = VMLAB_GRADERS_DIR;

/// GoogleTest takes letters, digits and underscores only.
std::string as_test_name(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return text;
}

grading::Activity load(const std::string& name) {
    auto activity = grading::load_activity(source / "activities" / name);
    EXPECT_TRUE(activity) << activity.error().what;
    return activity.value_or(grading::Activity{});
}

std::string describe(const CheckResult& check) {
    return fmt::format("{}: {} {}\n  expected: {}\n  observed: {}\n  evidence: {}", check.name,
                       grading::name_of(check.outcome), check.reason ? grading::name_of(*check.reason) : "",
                       check.card.expected, check.card.observed, check.card.evidence);
}

class CorpusTest : public ::testing::TestWithParam<Case> {
  protected:
    /// The graded checks of the case, all or those that it fails (is_graded_whole); none when something on
    /// the way went wrong, which is then a failure.
    std::vector<CheckResult> grade(const grading::Activity& activity, const grading::WrongSubmission& wrong) {
        const auto folder = process::TemporaryFolder::create();
        if (!folder) {
            ADD_FAILURE() << folder.error().what;
            return {};
        }
        const fs::path submission = folder->path() / "submission";
        if (auto laid_out = lay_out(GetParam(), source, activity, submission); !laid_out) {
            ADD_FAILURE() << laid_out.error().what << '\n' << laid_out.error().fix;
            return {};
        }
        const auto whole = is_graded_whole(GetParam(), source, activity);
        if (!whole) {
            ADD_FAILURE() << whole.error().what << '\n' << whole.error().fix;
            return {};
        }
        const auto result =
            run_grader(graders / (GetParam().activity + "-checks"), submission,
                       folder->path() / "result.json", *whole ? std::vector<std::string>{} : wrong.fails);
        if (!result) {
            ADD_FAILURE() << result.error().what;
            return {};
        }
        EXPECT_EQ(result->activities.at(0).checks.size(),
                  *whole ? activity.checks.size() : wrong.fails.size());
        return result->activities.at(0).checks;
    }

    /// A check that this machine cannot judge says nothing about the submission. It is accepted, and told.
    void accept_unjudged(const CheckResult& check) {
        unjudged_.push_back(check.name + ": " + check.card.observed);
    }

    void TearDown() override {
        // scripts/test collects these lines: a passed test says by them what it could not try here.
        for (const std::string& each : unjudged_) {
            std::cout << "cannot judge on this machine: " << each << '\n';
        }
    }

  private:
    std::vector<std::string> unjudged_;
};

TEST_P(CorpusTest, IsGradedAsKnown) {
    const Case& each = GetParam();
    const grading::Activity activity = load(each.activity);
    grading::WrongSubmission wrong;
    if (each.kind == Kind::wrong) {
        auto read = grading::read_wrong_submission(source / "graders" / each.activity, each.name, activity);
        ASSERT_TRUE(read) << read.error().what << '\n' << read.error().fix;
        wrong = std::move(*read);
    }
    int failed = 0;
    for (const CheckResult& check : grade(activity, wrong)) {
        SCOPED_TRACE(describe(check));
        if (check.outcome == OutcomeKind::cannot_judge) {
            accept_unjudged(check);
            continue;
        }
        if (each.kind == Kind::starter) {
            EXPECT_TRUE(check.outcome == OutcomeKind::passed || check.outcome == OutcomeKind::failed);
            failed += check.outcome == OutcomeKind::failed ? 1 : 0;
            continue;
        }
        const std::string expected = wrong.outcome_of(check.name);
        EXPECT_EQ(grading::name_of(check.outcome), expected);
        if (expected == "passed") {
            continue;
        }
        if (expected == "failed" && check.reason) {
            EXPECT_EQ(grading::name_of(*check.reason), wrong.reason_of(check.name));
        }
        EXPECT_EQ(check.score, 0);
        EXPECT_NE(check.card.observed, "") << "a check that does not pass says what was observed";
    }
    if (each.kind == Kind::starter) {
        EXPECT_GT(failed, 0) << "the starter gets full points: there is nothing to do";
    }
}

INSTANTIATE_TEST_SUITE_P(Case, CorpusTest, ::testing::ValuesIn(find_cases(source)),
                         [](const auto& tested) { return as_test_name(tested.param.full_name()); });
// While no activity has a grader there is nothing to instantiate.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(CorpusTest);

class CoverageTest : public ::testing::TestWithParam<std::string> {};

TEST_P(CoverageTest, TheCorpusTriesEveryCheck) {
    const grading::Activity activity = load(GetParam());
    std::set<std::string> never_failed;
    for (const grading::CheckInfo& check : activity.checks) {
        never_failed.insert(check.name);
    }
    int wrongs = 0;
    int variants = 0;
    for (const Case& each : find_cases(source)) {
        if (each.activity != GetParam()) {
            continue;
        }
        variants += each.kind == Kind::variant ? 1 : 0;
        if (each.kind != Kind::wrong) {
            continue;
        }
        ++wrongs;
        const auto known =
            grading::read_wrong_submission(source / "graders" / each.activity, each.name, activity);
        ASSERT_TRUE(known) << known.error().what << '\n' << known.error().fix;
        for (const std::string& name : known->fails) {
            never_failed.erase(name);
        }
    }
    EXPECT_GE(wrongs, 10) << "wrong submissions";
    EXPECT_GE(variants, 3) << "correct but unusual solutions";
    for (const std::string& name : never_failed) {
        ADD_FAILURE() << "no wrong submission fails " << name;
    }
}

TEST_P(CoverageTest, EverySubmittedFileHasThreeHints) {
    const grading::Activity activity = load(GetParam());
    for (const std::string& file : activity.submit) {
        const auto hints =
            std::count_if(activity.hints.begin(), activity.hints.end(), [&](const grading::Hint& hint) {
                return hint.file == file || (hint.file.empty() && activity.submit.size() == 1);
            });
        EXPECT_EQ(hints, 3) << file;
    }
}

// Students edit activities/NN-slug/FILE; graders measure the starter and `reset` restores it from
// graders/NN-slug/starter/FILE, which no student's work touches.
TEST_P(CoverageTest, StudentsGetTheStarterThatGradersMeasure) {
    const grading::Activity activity = load(GetParam());
    const auto shipped = grading::submitted_files(source / "activities" / GetParam(), activity);
    const auto measured = grading::submitted_files(source / "graders" / GetParam() / "starter", activity);
    ASSERT_TRUE(shipped && measured);
    for (const std::string& file : activity.submit) {
        ASSERT_TRUE(shipped->contains(file) && measured->contains(file)) << file;
        EXPECT_TRUE(shipped->at(file) == measured->at(file))
            << "activities/" << GetParam() << '/' << file << " and graders/" << GetParam() << "/starter/"
            << file << " differ: make the same change in both";
    }
}

INSTANTIATE_TEST_SUITE_P(Activity, CoverageTest, ::testing::ValuesIn(find_activities(source)),
                         [](const auto& tested) { return as_test_name(tested.param); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(CoverageTest);

}  // namespace
}  // namespace vmlab::corpus
