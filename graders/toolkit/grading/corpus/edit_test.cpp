#include "grading/corpus/edit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vmlab::grading {
namespace {

using ::testing::HasSubstr;

const std::string original = "one\ntwo\ntwo\nthree\n";

std::string after(const std::vector<Edit>& edits) {
    const auto result = edited(original, "solution/a.cpp", edits);
    EXPECT_TRUE(result) << result.error().what;
    return result.value_or(std::string());
}

process::Error problem_of(const std::vector<Edit>& edits) {
    const auto result = edited(original, "solution/a.cpp", edits);
    EXPECT_FALSE(result);
    return result ? process::Error{} : result.error();
}

TEST(Edited, ReplacesInsertsAndRemoves) {
    EXPECT_EQ(after({{"a.cpp", "one", "1", "a"}}), "1\ntwo\ntwo\nthree\n");
    EXPECT_EQ(after({{"a.cpp", "one\n", "one\nhalf\n", "a"}}), "one\nhalf\ntwo\ntwo\nthree\n");
    EXPECT_EQ(after({{"a.cpp", "three\n", "", "a"}}), "one\ntwo\ntwo\n");
    EXPECT_EQ(after({}), original);
}

TEST(Edited, LooksAtTheTextAsItWasWhateverTheOrder) {
    const Edit first{"a.cpp", "one", "three", "a"};
    const Edit second{"a.cpp", "three", "one", "b"};
    EXPECT_EQ(after({first, second}), "three\ntwo\ntwo\none\n");
    EXPECT_EQ(after({second, first}), "three\ntwo\ntwo\none\n");
}

TEST(Edited, SaysHowOftenTheFileAndThePlace) {
    const process::Error none = problem_of({{"a.cpp", "\n    four\nfive", "x", "n.toml, line 7"}});
    EXPECT_EQ(none.what,
              "n.toml, line 7: `was` does not stand in solution/a.cpp, where it has to stand once: four");
    EXPECT_THAT(none.fix, HasSubstr("solution/a.cpp as that is now"));
    const process::Error twice = problem_of({{"a.cpp", "two", "x", "n.toml, line 7"}});
    EXPECT_EQ(twice.what,
              "n.toml, line 7: `was` stands twice in solution/a.cpp, where it has to stand once: two");
    EXPECT_THAT(twice.fix, HasSubstr("a line before or behind"));
    EXPECT_THAT(problem_of({{"a.cpp", "\n", "x", "n.toml"}}).what, HasSubstr("stands 4 times"));
    EXPECT_THAT(problem_of({{"a.cpp", "", "x", "n.toml"}}).what, HasSubstr("does not stand"));
}

TEST(Edited, CountsPlacesThatOverlap) {
    EXPECT_FALSE(edited("aaa", "solution/a.cpp", {{"a.cpp", "aa", "b", "n.toml"}}));
}

TEST(Edited, RefusesTwoEditsOfOnePlace) {
    EXPECT_EQ(problem_of({{"a.cpp", "one\ntwo", "x", "first"}, {"a.cpp", "two\ntwo", "y", "second"}}).what,
              "second: changes the same place as first");
    EXPECT_EQ(problem_of({{"a.cpp", "one", "x", "first"}, {"a.cpp", "one\ntwo", "y", "second"}}).what,
              "second: changes the same place as first");
    EXPECT_EQ(after({{"a.cpp", "one\n", "x", "first"}, {"a.cpp", "two\ntwo\n", "y", "second"}}), "xythree\n");
}

}  // namespace
}  // namespace vmlab::grading
