#include "process/sandbox/run_user.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace vmlab::process {
namespace {

TEST(RunUser, IsNeverClaimedTwiceAtTheSameTime) {
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
    const auto user = RunUser::claim();
    ASSERT_TRUE(user);
    EXPECT_GE(user->uid(), 20'000U);
    EXPECT_NE(user->uid(), ::getuid());
}

}  // namespace
}  // namespace vmlab::process
