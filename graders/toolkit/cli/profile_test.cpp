#include "cli/profile.hpp"

#include <gtest/gtest.h>

namespace vmlab::cli {
namespace {

TEST(Profile, TellsWhatWasRunInOrderAndWhatItTook) {
    EXPECT_EQ(
        profile_table(
            R"({"grader":"01-checks","argv":["/usr/bin/strace","-f","/tmp/vmlab-1/oom","--limit","3"],)"
            R"("began":11.5,"seconds":0.25,"processor_seconds":0.125})"
            "\n"
            "no row\n"
            R"({"grader":"01-checks","argv":["/usr/bin/g++","-o","/tmp/vmlab-1/oom","/tmp/vmlab-1/oom.cpp"],)"
            R"("began":10,"seconds":1.5,"processor_seconds":1.25})"
            "\n"
            R"({"grader":"01-checks","argv":["/tmp/vmlab-1/oom"],)"
            R"("began":12,"seconds":0.5,"processor_seconds":0})"
            "\n"),
        "01-checks\n"
        "   began   took  processor   (seconds)\n"
        "    0.00   1.50       1.25   g++ oom.cpp\n"
        "    1.50   0.25       0.12   strace oom --limit 3\n"
        "    2.00   0.50       0.00   oom\n"
        "     all   2.25       1.38   3 runs\n");
}

TEST(Profile, OfNothingIsEmpty) {
    EXPECT_EQ(profile_table(""), "");
}

}  // namespace
}  // namespace vmlab::cli
