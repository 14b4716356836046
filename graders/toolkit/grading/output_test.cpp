#include "vmlab/grading/output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vmlab/grading/verdict.hpp"

namespace vmlab::grading {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Output, TakesTextApart) {
    EXPECT_THAT(lines_of("a\n\nb"), ElementsAre("a", "", "b"));
    EXPECT_THAT(lines_of("a\n"), ElementsAre("a"));
    EXPECT_THAT(lines_of(""), IsEmpty());
    EXPECT_EQ(last_line("a\nb\n"), "b");
    EXPECT_EQ(last_line(""), "");
    EXPECT_THAT(words_of("  a\t bc "), ElementsAre("a", "bc"));
    EXPECT_THAT(words_of(" \t"), IsEmpty());
}

TEST(Output, KnowsAnAddressInAnyUsualForm) {
    for (const char* form : {"0x55aa", "0X55AA", "0x55AA", "0x00000000000055aa", "0X000055aA"}) {
        EXPECT_EQ(address_of(form), 0x55aaU) << form;
    }
    for (const char* other :
         {"", "0x", "55aa", "0x55ag", "0x55aa ", "-0x5", "0x-5", "0x10000000000000000", "(nil)"}) {
        EXPECT_EQ(address_of(other), std::nullopt) << other;
    }
}

TEST(Output, KnowsAWholeNumber) {
    EXPECT_EQ(whole_number("18446744073709551615"), 18446744073709551615U);
    EXPECT_EQ(whole_number("007"), 7U);
    for (const char* other : {"", "-1", "+1", "1.5", "1x", " 1", "18446744073709551616"}) {
        EXPECT_EQ(whole_number(other), std::nullopt) << other;
    }
}

TEST(Output, ReadsANumberBehindItsLabel) {
    EXPECT_EQ(number_behind("peak=", "peak=6776"), 6776U);
    for (const char* other : {"", "peak", "peak=", "peak=x", "now=5", "xpeak=5", "peak=-1"}) {
        EXPECT_EQ(number_behind("peak=", other), std::nullopt) << other;
    }
}

TEST(Output, KnowsAMessageOfAProgram) {
    for (const char* message :
         {"oom: no memory", "oom", "./oom: x", "/bin/oom x", "oom\n", "12 blocks\noom: x\nend"}) {
        EXPECT_TRUE(begins_with_name(message, "oom")) << message;
    }
    for (const char* message : {"", "ooms: x", "zoom: x", "usage: oom", " oom: x", "x\nusage: oom\n"}) {
        EXPECT_FALSE(begins_with_name(message, "oom")) << message;
    }
}

TEST(Output, ShowsTextAndNumbers) {
    EXPECT_EQ(shown(""), "(nothing)");
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1000), "1,000");
    EXPECT_EQ(grouped(-20'000'000), "-20,000,000");
    EXPECT_EQ(grouped(-100), "-100");
}

TEST(Output, TellsOfACrashFirstAndOfAStopNever) {
    process::Run run;
    run.status.signal = 11;
    const auto reason_of_failing = [&run] {
        try {
            fail_run(run, "running it", {.observed = "another fault"});
        } catch (const Verdict& verdict) {
            return verdict.reason();
        }
    };
    EXPECT_EQ(reason_of_failing(), Reason::crashed);
    run.ending = process::Ending::stopped;
    run.status.signal = 9;
    EXPECT_EQ(reason_of_failing(), Reason::wrong_result);
}

}  // namespace
}  // namespace vmlab::grading
