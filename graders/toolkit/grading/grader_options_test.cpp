#include "grading/grader_options.hpp"

#include <gtest/gtest.h>

namespace vmlab::grading {
namespace {

TEST(GraderOptionsTest, ReadsEveryOption) {
    const auto options = parse_grader_options({"--submission", "S", "--result=R", "--progress-fd", "5",
                                               "--slots", "L", "--jobs", "3", "--arena", "vm", "--isolation",
                                               "separate-user", "--only", "A", "--only", "B", "--root", "C"});
    ASSERT_TRUE(options) << options.error().what;
    EXPECT_EQ(options->submission, "S");
    EXPECT_EQ(options->result, "R");
    EXPECT_EQ(options->progress, 5);
    EXPECT_EQ(options->slots, "L");
    EXPECT_EQ(options->jobs, 3);
    EXPECT_EQ(options->arena, arena::KindChoice::vm);
    EXPECT_EQ(options->tier, process::TierChoice::separate_user);
    EXPECT_EQ(options->root, "C");
    EXPECT_EQ(options->only, (std::vector<std::string>{"A", "B"}));
}

TEST(GraderOptionsTest, RefusesWhatItCannotRead) {
    using Arguments = std::vector<std::string>;
    for (const Arguments& arguments :
         {Arguments{}, Arguments{"--submission"}, Arguments{"--submission", "S", "--jobs", "0"},
          Arguments{"--submission", "S", "--jobs", "many"},
          Arguments{"--submission", "S", "--progress-fd", "-1"},
          Arguments{"--submission", "S", "--arena", "moon"},
          Arguments{"--submission", "S", "--isolation", "hope"},
          Arguments{"--submission", "S", "--speed", "9"}, Arguments{"--submission", "S", "stray"}}) {
        EXPECT_FALSE(parse_grader_options(arguments));
    }
}

}  // namespace
}  // namespace vmlab::grading
