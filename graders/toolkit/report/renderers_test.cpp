#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <string>

#include "report/sample_result.hpp"
#include "vmlab/report/json.hpp"
#include "vmlab/report/junit.hpp"
#include "vmlab/report/text.hpp"

namespace vmlab::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Text, ShowsEveryCheckAndItsPoints) {
    const std::string text = render_text(sample_result(), {});
    EXPECT_THAT(text, HasSubstr("[ok]   title of Passes"));
    EXPECT_THAT(text, HasSubstr("40/40\n"));
    EXPECT_THAT(text, HasSubstr("Fails (timed-out)"));
    EXPECT_THAT(text, HasSubstr("not judged (20)"));
    EXPECT_THAT(text, HasSubstr("40 points, graded out of 60 of 100"));
}

TEST(Text, LetsNoControlCharacterOfAProgramThrough) {
    const std::string text = render_text(sample_result(), {});
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, HasSubstr("\\x1b[31m<b>&\\xff\\x00]]>"));
}

TEST(Text, ShowsNotes) {
    EXPECT_THAT(render_text(sample_result(), {}),
                HasSubstr("  note: heap_growth.cpp was taken from a<b>\\x1b[31m\\xff.\n"));
}

TEST(Text, ColoursOnlyWhenAsked) {
    EXPECT_THAT(render_text(sample_result(), {true, true, 80}), HasSubstr("\x1b[32m✓"));
}

TEST(Text, ShowsTheSameCardOnce) {
    grading::Result result = sample_result();
    result.activities[0].checks[3] = result.activities[0].checks[1];
    result.activities[0].checks[3].name = "FailsToo";
    EXPECT_THAT(render_text(result, {}), HasSubstr("FailsToo (timed-out): as Fails above"));
}

TEST(Text, WrapsATitleThatIsTooLongBesideItsPoints) {
    grading::Result result = sample_result();
    result.activities[0].checks[0].title =
        "a title of many words, far too long for one line of this width here";
    const std::string text = render_text(result, {false, true, 60});
    EXPECT_THAT(text,
                HasSubstr("  ✓ a title of many words, far too long for one line\n    of this width here "));
    EXPECT_THAT(text, HasSubstr("      40/40\n"));
}

TEST(Text, SaysOnceAndFirstWhatKeepsAMachineFromJudging) {
    grading::Result result = sample_result();
    auto& checks = result.activities[0].checks;
    checks[3].outcome = grading::OutcomeKind::cannot_judge;
    checks[2].card = checks[3].card = {.observed = "no tier works", .next = "run this"};
    const std::string text = render_text(result, {});
    EXPECT_THAT(text,
                ::testing::StartsWith(
                    "This machine cannot judge everything yet. What to do: run this\nThe reason: no tier"));
    EXPECT_EQ(text.find("no tier works"), text.rfind("no tier works"));
    EXPECT_THAT(text, HasSubstr("Fails (timed-out)"));
    checks.erase(checks.begin(), checks.begin() + 2);
    const std::string nothing = render_text(result, {});
    EXPECT_THAT(nothing, ::testing::StartsWith("This machine cannot judge anything yet."));
    EXPECT_THAT(nothing, HasSubstr("none of 40 points"));
    EXPECT_THAT(nothing, Not(HasSubstr("[?]")));
}

TEST(Text, WithholdsASuspectedScore) {
    grading::Result result = sample_result();
    result.activities[0].checks[1].outcome = grading::OutcomeKind::tamper_suspected;
    EXPECT_THAT(render_text(result, {}), HasSubstr("The score is withheld"));
    EXPECT_THAT(render_text(result, {}), Not(HasSubstr("Total:")));
}

TEST(Text, SaysThatNothingWasIsolated) {
    grading::Result result = sample_result();
    result.environment.isolation = "none";
    EXPECT_THAT(render_text(result, {}), HasSubstr("Isolation: none"));
}

TEST(Json, IsValidWhateverAProgramPrinted) {
    const auto json = nlohmann::json::parse(render_json(sample_result()));
    EXPECT_EQ(json.at("schema"), "vmlab/result/v1");
    EXPECT_EQ(json.at("score"), 40);
    EXPECT_EQ(json.at("judged_max_score"), 60);
    EXPECT_EQ(json.at("activities")[0].at("checks")[1].at("reason"), "timed-out");
    EXPECT_EQ(json.at("activities")[0].at("notes")[0], "heap_growth.cpp was taken from a<b>\x1b[31m\ufffd.");
    const auto read = grading::result_from_json(json.dump());
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(read->activities[0].notes.size(), 1U);
}

TEST(Junit, IsReadableWhateverAProgramPrinted) {
    pugi::xml_document document;
    ASSERT_TRUE(document.load_string(render_junit(sample_result()).c_str()));
    const pugi::xml_node suite = document.child("testsuites").child("testsuite");
    EXPECT_STREQ(suite.attribute("tests").value(), "4");
    EXPECT_STREQ(suite.attribute("failures").value(), "1");
    EXPECT_STREQ(suite.attribute("skipped").value(), "1");
    EXPECT_STREQ(suite.attribute("errors").value(), "1");
    EXPECT_STREQ(suite.child("properties")
                     .find_child_by_attribute("property", "name", "note")
                     .attribute("value")
                     .value(),
                 "heap_growth.cpp was taken from a<b>\\x1b[31m\\xff.");
    const pugi::xml_node failed = suite.find_child_by_attribute("testcase", "name", "Fails");
    EXPECT_STREQ(failed.child("failure").attribute("type").value(), "timed-out");
    EXPECT_STREQ(failed.child("failure").attribute("message").value(), "a\\x1b[31m<b>&\\xff\\x00]]>");
    EXPECT_STREQ(failed.child("properties")
                     .find_child_by_attribute("property", "name", "max_score")
                     .attribute("value")
                     .value(),
                 "20");
    EXPECT_TRUE(suite.find_child_by_attribute("testcase", "name", "NotJudged").child("skipped"));
}

}  // namespace
}  // namespace vmlab::report
