#include "vmlab/grading/experiment.hpp"

#include <gtest/gtest.h>

namespace vmlab::grading {
namespace {

TEST(Experiment, IsTheCommandThatAStudentTypes) {
    Experiment experiment{.program = "oom", .arguments = {"--limit", "3", "", "it's", "a b"}};
    EXPECT_EQ(experiment.command(), R"(./oom --limit 3 '' 'it'\''s' 'a b')");
    EXPECT_EQ(experiment.under("strace -e trace=write"),
              R"(strace -e trace=write ./oom --limit 3 '' 'it'\''s' 'a b')");
    experiment = {.program = "oom", .environment = {{"GLIBC_TUNABLES", "a=1"}}};
    experiment.limits.address_space_bytes = 128U << 20U;
    EXPECT_EQ(experiment.command(), "(ulimit -v 131072; GLIBC_TUNABLES=a=1 ./oom)");
    EXPECT_EQ(experiment.doing("under Valgrind"),
              "running (ulimit -v 131072; GLIBC_TUNABLES=a=1 ./oom) under Valgrind");
    experiment = {.program = "oom"};
    experiment.start.oom_score_adj = 60;
    EXPECT_EQ(experiment.command(), "(echo 60 > /proc/self/oom_score_adj; ./oom)");
}

TEST(Experiment, TheCompilersCommandIsTheOneThatIsRun) {
    EXPECT_EQ(build_command("oom.cpp", "oom"), "g++ -std=c++20 -g -O0 -Wall -Wextra oom.cpp -o oom -lfmt");
}

}  // namespace
}  // namespace vmlab::grading
