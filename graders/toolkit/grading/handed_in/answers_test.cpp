#include "vmlab/grading/answers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "grading/lab/scratch_folder.hpp"
#include "vmlab/grading/verdict.hpp"

namespace vmlab::grading {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing_tools::ScratchFolder;

constexpr const char* text = R"(exempting_value = -1000
unanswered = ""

[starter]
bytes = 20
fraction = 2.5
flag = true
word = "killed"
lines = [12, 14]
mixed = [12, "14"]
none = []
)";

Answers read(std::string_view content) {
    const ScratchFolder scratch;
    return Answers::read(scratch.write("answers.toml", content));
}

Verdict verdict_of(const std::function<void(const Answers&)>& action, std::string_view content = text) {
    try {
        action(read(content));
    } catch (const Verdict& verdict) {
        return verdict;
    }
    ADD_FAILURE() << "no verdict";
    return {OutcomeKind::passed, std::nullopt, {}};
}

TEST(AnswersTest, ReadsEveryForm) {
    const Answers answers = read(text);
    EXPECT_EQ(answers.integer("", "exempting_value"), -1000);
    EXPECT_EQ(answers.integer("starter", "bytes"), 20);
    EXPECT_TRUE(answers.boolean("starter", "flag"));
    EXPECT_EQ(answers.text("starter", "word"), "killed");
    EXPECT_THAT(answers.integers("starter", "lines"), ElementsAre(12, 14));
    EXPECT_EQ(answers.choice("starter", "word", {"killed", "survives"}), "killed");
}

TEST(AnswersTest, AnEmptyAnswerIsNotAnsweredYet) {
    const Verdict verdict = verdict_of([](const Answers& a) { (void)a.integer("", "unanswered"); });
    EXPECT_EQ(verdict.kind(), OutcomeKind::failed);
    EXPECT_EQ(verdict.reason(), Reason::wrong_result);
    EXPECT_EQ(verdict.card().observed, "it is not answered yet");
    EXPECT_EQ(verdict.card().evidence, "answers.toml, line 2");
    EXPECT_EQ(verdict_of([](const Answers& a) { (void)a.integers("starter", "none"); }).card().observed,
              "it is not answered yet");
}

TEST(AnswersTest, AMissingAnswerNamesItsKey) {
    const Verdict verdict = verdict_of([](const Answers& a) { (void)a.integer("starter", "blocks"); });
    EXPECT_THAT(verdict.card().expected, HasSubstr("starter.blocks"));
    EXPECT_EQ(verdict.card().observed, "it is not there");
    EXPECT_EQ(verdict_of([](const Answers& a) { (void)a.integer("nothing", "blocks"); }).card().observed,
              "it is not there");
    EXPECT_EQ(verdict_of([](const Answers& a) { (void)a.integer("exempting_value", "x"); }).card().observed,
              "it is not there");
}

TEST(AnswersTest, AWrongFormSaysWhatIsWanted) {
    const Verdict verdict = verdict_of([](const Answers& a) { (void)a.integer("starter", "word"); });
    EXPECT_THAT(verdict.card().expected, HasSubstr("a whole number, without quotation marks"));
    EXPECT_EQ(verdict.card().observed, "it is the text \"killed\"");
    EXPECT_EQ(verdict.card().evidence, "answers.toml, line 8");
    EXPECT_EQ(verdict_of([](const Answers& a) { (void)a.integer("starter", "fraction"); }).card().observed,
              "it is a number with a decimal point");
    EXPECT_EQ(verdict_of([](const Answers& a) { (void)a.boolean("starter", "bytes"); }).card().observed,
              "it is the whole number 20");
    EXPECT_EQ(verdict_of([](const Answers& a) { (void)a.integers("starter", "mixed"); }).card().observed,
              "it is a list in brackets");
    EXPECT_EQ(verdict_of([](const Answers& a) { (void)a.integer("", "starter"); }).card().observed,
              "it is a table");
}

TEST(AnswersTest, AChoiceIsOneOfTheGivenOnes) {
    const Verdict verdict = verdict_of([](const Answers& a) {
        (void)a.choice("starter", "word", {"higher", "lower"});
    });
    EXPECT_THAT(verdict.card().expected, HasSubstr("one of \"higher\", \"lower\""));
    EXPECT_THAT(verdict.card().observed, HasSubstr("killed"));
}

TEST(AnswersTest, AWrongLineCostsItsOwnAnswerAndNamesThePlace) {
    const std::string wrong = "a = 1\nb = killed\x1b\n";
    EXPECT_EQ(read("a = 1\nb = killed\n").integer("", "a"), 1);
    const Verdict verdict =
        verdict_of([](const Answers& a) { (void)a.text("", "b"); }, "a = 1\nb = killed\n");
    EXPECT_EQ(verdict.kind(), OutcomeKind::failed);
    EXPECT_EQ(verdict.reason(), Reason::wrong_result);
    EXPECT_EQ(verdict.card().observed, "line 2 cannot be read: a text stands in double quotes: \"killed\"");
    EXPECT_EQ(verdict.card().evidence, "answers.toml, line 2: b = killed");
    const Verdict missing =
        verdict_of([](const Answers& a) { (void)a.text("", "c"); }, "a = 1\nb = killed\n");
    EXPECT_EQ(missing.card().observed, "it is not there");
    EXPECT_THAT(missing.card().evidence, HasSubstr("answers.toml, line 2: b = killed"));
    for (const std::string& bytes : {wrong, std::string("\xff\xfe\n"), "x = " + std::string(100'000, '[')}) {
        const Verdict any = verdict_of([](const Answers& a) { (void)a.text("", "b"); }, bytes);
        EXPECT_EQ(any.kind(), OutcomeKind::failed);
        EXPECT_EQ(any.card().evidence.find('\x1b'), std::string::npos);
    }
}

TEST(AnswersTest, ACommentInAnotherEncodingCostsNothing) {
    EXPECT_EQ(read("# caf\xe9\n" + std::string(text)).integer("starter", "bytes"), 20);
}

TEST(AnswersTest, AMissingFile) {
    const ScratchFolder scratch;
    try {
        (void)Answers::read(scratch.path() / "answers.toml");
        FAIL();
    } catch (const Verdict& verdict) {
        EXPECT_EQ(verdict.reason(), Reason::missing_file);
    }
}

TEST(AnswersInAll, TellHowManyAreRightAndNeverWhich) {
    EXPECT_NO_THROW(expect_all_right(3, 3, "[read]", "look"));
    try {
        expect_all_right(1, 3, "[read]", "look");
        FAIL() << "two of three are wrong";
    } catch (const Verdict& verdict) {
        EXPECT_EQ(verdict.card().observed, "1 of the 3 answers below [read] agree with the grader's runs");
        EXPECT_EQ(verdict.card().next, "look");
    }
}

TEST(AnswersInAll, NameAShare) {
    EXPECT_EQ(share_of(4, 4), "all");
    EXPECT_EQ(share_of(3, 4), "all");
    EXPECT_EQ(share_of(2, 4), "half");
    EXPECT_EQ(share_of(1, 4), "almost none");
    EXPECT_EQ(share_of(0, 4), "almost none");
}

}  // namespace
}  // namespace vmlab::grading
