#include "vmlab/report/printable.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vmlab::report {
namespace {

using ::testing::ElementsAre;

TEST(Printable, KeepsTextAndNewlines) {
    EXPECT_EQ(printable("a\nü ✓ 𝄞"), "a\nü ✓ 𝄞");
}

TEST(Printable, ShowsControlCharacters) {
    EXPECT_EQ(printable("\x1b[31mred"), "\\x1b[31mred");
    EXPECT_EQ(printable(std::string_view("a\0b\r\x7f", 5)), "a\\x00b\\x0d\\x7f");
    EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b") << "CSI as one character of the upper control block";
}

TEST(Printable, ShowsBytesThatAreNoUtf8) {
    EXPECT_EQ(printable("\xff"), "\\xff");
    EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf") << "overlong";
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
    EXPECT_EQ(printable("\xe2\x9c"), "\\xe2\\x9c") << "cut short";
}

TEST(Columns, CountsCodePoints) {
    EXPECT_EQ(columns("aü✓"), 3U);
}

TEST(Wrapped, CutsAtSpaces) {
    EXPECT_THAT(wrapped("one two three", 8), ElementsAre("one two", "three"));
    EXPECT_THAT(wrapped("first\n\nsecond\n", 80), ElementsAre("first", "", "second"));
}

TEST(Wrapped, KeepsLongWordsWhole) {
    EXPECT_THAT(wrapped("a 0123456789 b", 5), ElementsAre("a", "0123456789", "b"));
}

TEST(Wrapped, CountsColumnsNotBytes) {
    EXPECT_THAT(wrapped("üüü üüü üüü", 7), ElementsAre("üüü üüü", "üüü"));
}

TEST(Wrapped, TakesNothing) {
    EXPECT_TRUE(wrapped("", 10).empty());
}

TEST(Reflowed, JoinsParagraphsAndKeepsCode) {
    EXPECT_EQ(reflowed("one\ntwo\n\nthree:\n    code();\n    more();\nfour\n"),
              "one two\n\nthree:\n    code();\n    more();\nfour");
}

}  // namespace
}  // namespace vmlab::report
