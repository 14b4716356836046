#include "vmlab/grading/dialogue.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vmlab::grading {
namespace {

const std::vector<std::string> due = {"start 0", "touched 1"};

TEST(Dialogue, TakesTheLinesThatAreDue) {
    EXPECT_EQ(flaw_in_output("start 0 peak=1\ntouched 1 peak=2\n", due), std::nullopt);
    EXPECT_EQ(flaw_in_pause("start 0\n", 0, due), std::nullopt);
    EXPECT_EQ(flaw_in_pause("touched 1 now=7\n", 1, due), std::nullopt);
}

TEST(Dialogue, TellsWhatIsWrongWithAnOutput) {
    const auto flaw = [](const char* out) { return flaw_in_output(out, due).value_or("none"); };
    EXPECT_EQ(flaw(""), "the output ends after line 0; \"start 0 ...\" is missing");
    EXPECT_EQ(flaw("start 0\n"), "the output ends after line 1; \"touched 1 ...\" is missing");
    EXPECT_EQ(flaw("start 0\ntouched 12\n"), "line 2 is \"touched 12\", not \"touched 1 ...\"");
    EXPECT_EQ(flaw("start 0\ntouched 1\nend\n"), "line 3 is \"end\", and there should be none");
    EXPECT_EQ(flaw("start 0\ntouched 1"), "the last line has no newline");
}

TEST(Dialogue, TellsWhatIsWrongAtAPause) {
    const auto flaw = [](const char* printed, std::size_t position) {
        return flaw_in_pause(printed, position, due).value_or("none");
    };
    EXPECT_EQ(flaw("", 1),
              "when it waited for input the second time it had printed nothing new, not one whole line");
    EXPECT_NE(flaw("start 0\ntouched 1\n", 0).find("not one whole line"), std::string::npos);
    EXPECT_NE(flaw("start 0", 0).find("not one whole line"), std::string::npos);
    EXPECT_EQ(flaw("touched 1\n", 0), "line 1 is \"touched 1\", not \"start 0 ...\"");
    EXPECT_EQ(flaw("start 0\n", 2), "line 3 is \"start 0\", and there should be none");
}

}  // namespace
}  // namespace vmlab::grading
