#include "vmlab/grading/chapter.hpp"

#include <gmock/gmock.h>

#include <string>

#include "grading/lab/scratch_folder.hpp"

namespace vmlab::grading {
namespace {

using ::testing::HasSubstr;
using testing_tools::ScratchFolder;

class Chapters : public ::testing::Test {
  protected:
    Chapters() {
        for (const auto& [number, slug] : {std::pair{1, "one"}, {2, "two"}, {3, "three"}}) {
            folder_.write("0" + std::to_string(number) + "-" + slug + "/activity.toml",
                          "number = " + std::to_string(number) + "\nslug = \"" + slug +
                              "\"\ntitle = \"T\"\nsummary = \"S\"\nsubmit = [\"a.cpp\"]\n[[program]]\nname = "
                              "\"a\"\nsource = \"a.cpp\"\n[[check]]\nname = \"Runs\"\ntitle = \"It "
                              "runs\"\npoints = 100\n");
        }
    }
    process::Result<std::vector<Chapter>> load(const std::string& chapters) {
        folder_.write("chapters.toml", chapters);
        return load_chapters(folder_.path());
    }
    static std::string chapter(const std::string& activities) {
        return "[[chapter]]\ntitle = \"A\"\nwhy = \"B\"\nactivities = " + activities + "\n";
    }

    ScratchFolder folder_;
};

TEST_F(Chapters, HoldTheirActivitiesInOrder) {
    const auto chapters = load(chapter("[1, 3]") + chapter("[2]"));
    ASSERT_TRUE(chapters) << chapters.error().what;
    ASSERT_EQ(chapters->size(), 2U);
    EXPECT_EQ(chapters->front().title + chapters->front().why, "AB");
    ASSERT_EQ(chapters->front().activities.size(), 2U);
    EXPECT_EQ(chapters->front().activities[1].slug, "three");
    EXPECT_EQ(chapters->back().activities.front().number, 2);
}

TEST_F(Chapters, MustHoldEveryActivityOnce) {
    const auto what = [this](const std::string& text) {
        const auto chapters = load(text);
        return chapters ? std::string("fine") : chapters.error().what;
    };
    EXPECT_THAT(what(chapter("[1, 2]")), HasSubstr("activity 3 is in no chapter"));
    EXPECT_THAT(what(chapter("[1, 2]") + chapter("[2, 3]")), HasSubstr("no other chapter"));
    EXPECT_THAT(what(chapter("[1, 2, 3, 4]")), HasSubstr("not the number of an activity"));
    EXPECT_THAT(what(chapter("[1, \"2\"]")), HasSubstr("not the number of an activity"));
    EXPECT_THAT(what(chapter("[]")), HasSubstr("needs activities"));
    EXPECT_THAT(what("[[chapter]]\ntitle = \"A\"\n"), HasSubstr("needs title and why"));
    EXPECT_THAT(what("chapter = [1]\n"), HasSubstr("needs title and why"));
    EXPECT_THAT(what("[[chapter"), HasSubstr("chapters.toml"));
}

// The lab's own are tried by every run of `vmlab list`.

}  // namespace
}  // namespace vmlab::grading
