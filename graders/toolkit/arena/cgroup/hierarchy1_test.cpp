#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arena/cgroup/hierarchy.hpp"
#include "arena/cgroup/imitation.hpp"

namespace vmlab::arena {
namespace {

using process::ErrorKind;
using testing::HasSubstr;

TEST(FindCgroup1, IsWhereTheMemoryControllerIsMounted) {
    const Imitation imitation;
    const auto found = find_cgroup1(imitation.seen_by(0, "cgroup", "rw,relatime,memory"));
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ((*found)->kind(), Kind::cgroup1);
    EXPECT_EQ((*found)->home(), imitation.root() / "vmlab");
}

TEST(FindCgroup1, IsLackingWithoutAMemoryController) {
    const Imitation imitation;
    const auto found = find_cgroup1(imitation.seen_by(0, "cgroup", "rw,relatime,pids"));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::machine_lacks);
    EXPECT_THAT(found.error().what, HasSubstr("no memory controller"));
}

TEST(FindCgroup1, IsLackingWhereNoGroupMayBeMade) {
    Surroundings surroundings;
    surroundings.mounts = "cgroup /proc/self/fdinfo/none cgroup rw,memory 0 0\n";
    const auto found = find_cgroup1(surroundings);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::machine_lacks);
    EXPECT_THAT(found.error().fix, HasSubstr("--privileged"));
}

class Cgroup1Files : public testing::Test {
  protected:
    std::unique_ptr<Hierarchy> find(bool swap = false) const {
        Surroundings surroundings = imitation.seen_by(0, "cgroup", "rw,memory");
        surroundings.swap = swap;
        return find_cgroup1(surroundings).value();
    }
    Imitation imitation;
    const std::filesystem::path group = imitation.root() / "group";
};

TEST_F(Cgroup1Files, LimitIsWrittenAndSwappingTurnedOff) {
    imitation.put("group/memory.limit_in_bytes");
    imitation.put("group/memory.memsw.limit_in_bytes", "unlimited");
    imitation.put("group/memory.swappiness");
    ASSERT_TRUE(find()->limit(group, 16777216));
    EXPECT_EQ(imitation.text_of("group/memory.limit_in_bytes"), "16777216");
    EXPECT_EQ(imitation.text_of("group/memory.swappiness"), "0");
    EXPECT_EQ(imitation.text_of("group/memory.memsw.limit_in_bytes"), "unlimited") << "there is no swap";
}

TEST_F(Cgroup1Files, MemoryAndSwapAreLimitedTogetherWhereThereIsSwap) {
    imitation.put("group/memory.limit_in_bytes");
    imitation.put("group/memory.memsw.limit_in_bytes");
    ASSERT_TRUE(find(true)->limit(group, 16777216));
    EXPECT_EQ(imitation.text_of("group/memory.memsw.limit_in_bytes"), "16777216");
}

TEST_F(Cgroup1Files, SwapWithoutAccountingIsNoObstacle) {
    imitation.put("group/memory.limit_in_bytes");
    EXPECT_TRUE(find(true)->limit(group, 16777216));
}

TEST_F(Cgroup1Files, LimitThatCannotBeSetIsAnError) {
    EXPECT_FALSE(find()->limit(group, 16777216));
}

TEST_F(Cgroup1Files, OldKernelsAreToldToCountChildren) {
    imitation.put("group/memory.use_hierarchy", "0\n");
    ASSERT_TRUE(find()->open_to_children(group));
    EXPECT_EQ(imitation.text_of("group/memory.use_hierarchy"), "1\n");
}

TEST_F(Cgroup1Files, CounterAndPeakAreRead) {
    imitation.put("group/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    imitation.put("group/memory.max_usage_in_bytes", "16777216\n");
    EXPECT_EQ(find()->oom_kills(group).value(), 2U);
    EXPECT_EQ(find()->peak_bytes(group), 16777216U);
}

TEST_F(Cgroup1Files, KernelWithoutCounterIsLacking) {
    imitation.put("group/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n");
    const auto kills = find()->oom_kills(group);
    ASSERT_FALSE(kills);
    EXPECT_EQ(kills.error().kind, ErrorKind::machine_lacks);
    EXPECT_THAT(kills.error().fix, HasSubstr("4.13"));
}

}  // namespace
}  // namespace vmlab::arena
