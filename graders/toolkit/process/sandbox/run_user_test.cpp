#include "process/sandbox/run_user.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "process/sandbox/id_range.hpp"

namespace vmlab::process {
namespace {

TEST(RunUser, IsNeverClaimedTwiceAtTheSameTime) {
    if (!RunUser::is_possible()) {
        GTEST_SKIP() << "needs root with uids to give away";
    }
    std::vector<RunUser> users;
    std::set<uid_t> uids;
    for (int i = 0; i < 300; ++i) {
        auto user = RunUser::claim();
        ASSERT_TRUE(user) << user.error().what;
        EXPECT_TRUE(uids.insert(user->uid()).second) << user->uid();
        users.push_back(std::move(*user));
    }
}

TEST(RunUser, IsNoPerson) {
    if (!RunUser::is_possible()) {
        GTEST_SKIP() << "needs root with uids to give away";
    }
    const auto user = RunUser::claim();
    ASSERT_TRUE(user);
    EXPECT_GE(user->uid(), 1'000U);
    EXPECT_NE(user->uid(), ::getuid());
}

TEST(IdRange, LiesFarAboveThoseOfPeopleWhereItCan) {
    const std::string all = "0 0 4294967295\n";
    EXPECT_EQ(range_for_runs(all, all)->first, 1U << 30U);
}

TEST(IdRange, LiesInWhatAContainerMaps) {
    const std::string rootless = "0 1000 1\n1 100000 65536\n";
    const auto range = range_for_runs(rootless, rootless);
    ASSERT_TRUE(range);
    EXPECT_EQ(range->first, 20'000U);
    EXPECT_EQ(range->count, 40'000U);
    const std::string few = "0 1000 1\n1 100000 9000\n";
    EXPECT_EQ(range_for_runs(few, few)->first, 1'000U);
    EXPECT_EQ(range_for_runs(few, few)->count, 8'001U);
}

TEST(IdRange, IsNothingWhereOneUidIsMapped) {
    EXPECT_FALSE(range_for_runs("0 1000 1\n", "0 1000 1\n"));
    EXPECT_FALSE(range_for_runs("0 0 4294967295\n", "0 0 1\n")) << "uids without gids";
    EXPECT_FALSE(range_for_runs("", ""));
}

}  // namespace
}  // namespace vmlab::process
