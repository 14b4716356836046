#include "vmlab/grading/activity.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "grading/lab/scratch_folder.hpp"

namespace vmlab::grading {
namespace {

using ::testing::HasSubstr;
using testing_tools::ScratchFolder;

constexpr const char* good = R"(number = 1
slug = "heap-growth"
title = "Which way?"
summary = "A sentence."
submit = ["heap_growth.cpp", "answers.toml"]

[[program]]
name = "heap_growth"
source = "heap_growth.cpp"

[[check]]
name = "Allocates"
title = "It allocates"
points = 60

[[check]]
name = "Prints"
title = "It prints"
points = 40
why = "Output is a claim."
needs = "Allocates"

[[hint]]
file = "heap_growth.cpp"
text = "Think."
)";

std::string with(std::string text, const std::string& old, const std::string& replacement) {
    const std::size_t at = text.find(old);
    EXPECT_NE(at, std::string::npos) << old;
    return text.replace(at, old.size(), replacement);
}

process::Result<Activity> load(const std::string& text, const std::string& folder = "01-heap-growth") {
    const ScratchFolder scratch;
    scratch.write(folder + "/activity.toml", text);
    return load_activity(scratch.path() / folder);
}

std::string problem(const std::string& text) {
    const auto activity = load(text);
    return activity ? "" : activity.error().what;
}

TEST(ActivityTest, ReadsEverything) {
    const auto activity = load(good);
    ASSERT_TRUE(activity) << activity.error().what;
    EXPECT_EQ(activity->number, 1);
    EXPECT_EQ(activity->folder_name(), "01-heap-growth");
    EXPECT_EQ(activity->title, "Which way?");
    EXPECT_EQ(activity->summary, "A sentence.");
    EXPECT_EQ(activity->submit, (std::vector<std::string>{"heap_growth.cpp", "answers.toml"}));
    ASSERT_EQ(activity->programs.size(), 1U);
    EXPECT_EQ(activity->programs[0].source, "heap_growth.cpp");
    EXPECT_EQ(activity->max_score(), 100);
    ASSERT_NE(activity->check("Prints"), nullptr);
    EXPECT_EQ(activity->check("Prints")->points, 40);
    EXPECT_EQ(activity->check("Prints")->why, "Output is a claim.");
    EXPECT_EQ(activity->check("Prints")->needs, "Allocates");
    EXPECT_EQ(activity->check("Allocates")->needs, "");
    EXPECT_EQ(activity->check("Dances"), nullptr);
    ASSERT_EQ(activity->hints.size(), 1U);
    EXPECT_EQ(activity->hints[0].text, "Think.");
}

TEST(ActivityTest, NamesFileAndLineOfWhatIsWrong) {
    EXPECT_THAT(problem(with(good, "points = 40", "pionts = 40")), HasSubstr("activity.toml, line 19"));
    EXPECT_THAT(problem(with(good, "slug = \"heap-growth\"", "slug = heap-growth")),
                HasSubstr("activity.toml, line 2, column"));
}

TEST(ActivityTest, RefusesAMisspeltKey) {
    EXPECT_THAT(problem(with(good, "summary", "sumary")), HasSubstr("no key \"sumary\""));
    EXPECT_THAT(problem(with(good, "text = \"Think.\"", "text = \"Think.\"\nstep = 1")),
                HasSubstr("no key \"step\""));
}

TEST(ActivityTest, RefusesPointsThatAreNot100) {
    EXPECT_THAT(problem(with(good, "points = 40", "points = 41")), HasSubstr("add up to 101"));
    EXPECT_THAT(problem(with(good, "points = 40", "points = \"40\"")), HasSubstr("points = a whole number"));
    EXPECT_THAT(problem(with(good, "points = 40", "points = 0")), HasSubstr("points = a whole number"));
}

TEST(ActivityTest, ACheckNeedsOneThatStandsBeforeIt) {
    for (const char* name : {"Prints", "Dances", ""}) {
        const std::string needs = fmt::format("needs = \"{}\"", name);
        EXPECT_NE(problem(with(good, "needs = \"Allocates\"", needs)), "") << name;
    }
}

TEST(ActivityTest, RefusesWhatIsNamedTwice) {
    EXPECT_THAT(problem(with(good, "\"Prints\"", "\"Allocates\"")),
                HasSubstr("two checks are called Allocates"));
    EXPECT_THAT(problem(with(good, "\"answers.toml\"", "\"heap_growth.cpp\"")), HasSubstr("twice"));
}

TEST(ActivityTest, RefusesNamesThatAreNoPlainFileNames) {
    for (const char* name : {"../answers.toml", "/etc/passwd", "-o", ".bashrc", "a b.cpp", ""}) {
        EXPECT_THAT(problem(with(good, "answers.toml", name)), HasSubstr("plain file names")) << name;
    }
}

TEST(ActivityTest, RefusesAProgramOrHintOfAnUnknownFile) {
    EXPECT_THAT(problem(with(good, "source = \"heap_growth.cpp\"", "source = \"x.cpp\"")),
                HasSubstr("x.cpp is not among"));
    EXPECT_THAT(problem(with(good, "file = \"heap_growth.cpp\"", "file = \"x.cpp\"")),
                HasSubstr("x.cpp is not among"));
}

TEST(ActivityTest, RefusesAFolderOfAnotherName) {
    const auto activity = load(good, "02-heap-growth");
    ASSERT_FALSE(activity);
    EXPECT_THAT(activity.error().what, HasSubstr("its folder is called 02-heap-growth"));
}

TEST(ActivityTest, AFolderMayBeGivenWithASlashAtItsEnd) {
    const ScratchFolder scratch;
    scratch.write("01-heap-growth/activity.toml", good);
    EXPECT_TRUE(load_activity(scratch.path() / "01-heap-growth/"));
}

TEST(ActivityTest, LoadsAllByNumber) {
    const ScratchFolder scratch;
    scratch.write("02-heap-growth/activity.toml", with(good, "number = 1", "number = 2"));
    scratch.write("01-heap-growth/activity.toml", good);
    scratch.write("notes/README.md", "no activity");
    const auto activities = load_activities(scratch.path());
    ASSERT_TRUE(activities) << activities.error().what;
    ASSERT_EQ(activities->size(), 2U);
    EXPECT_EQ((*activities)[0].number, 1);
    EXPECT_EQ((*activities)[1].number, 2);
}

TEST(ActivityTest, RefusesTwoOfOneNumberAndNone) {
    const ScratchFolder scratch;
    EXPECT_THAT(load_activities(scratch.path()).error().what, HasSubstr("holds no activity"));
    scratch.write("01-heap-growth/activity.toml", good);
    scratch.write("01-heap/activity.toml", with(good, "heap-growth\"", "heap\""));
    EXPECT_THAT(load_activities(scratch.path()).error().what, HasSubstr("same number"));
    EXPECT_FALSE(load_activities(scratch.path() / "missing"));
}

}  // namespace
}  // namespace vmlab::grading
