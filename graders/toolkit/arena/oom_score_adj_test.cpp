#include <gtest/gtest.h>
#include <unistd.h>

#include "vmlab/arena/arena.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::arena {
namespace {

TEST(CanLowerOomScoreAdj, LeavesOurOwnValueAlone) {
    const auto before = process::read_kernel_file("/proc/self/oom_score_adj");
    (void)can_lower_oom_score_adj();
    EXPECT_EQ(process::read_kernel_file("/proc/self/oom_score_adj").value(), before.value());
}

TEST(CanLowerOomScoreAdj, SaysWhatIsMissing) {
    const auto able = can_lower_oom_score_adj();
    if (able) {
        GTEST_SKIP() << "this machine lets us lower it";
    }
    EXPECT_EQ(able.error().kind, process::ErrorKind::machine_lacks);
    EXPECT_FALSE(able.error().fix.empty());
}

}  // namespace
}  // namespace vmlab::arena
