#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "arena/cgroup/hierarchy.hpp"
#include "arena/cgroup/imitation.hpp"

namespace vmlab::arena {
namespace {

using process::ErrorKind;
using testing::HasSubstr;

constexpr auto scope = "/user.slice/user-1000.slice/user@1000.service/app.slice/run-r1.scope";

class Cgroup2 : public testing::Test {
  protected:
    // A group as the kernel makes it. The true root alone has no cgroup.events.
    void put_group(const std::string& path, const std::string& controllers, const std::string& handed_down,
                   const std::string& processes = "") const {
        imitation.put(path + "cgroup.controllers", controllers);
        imitation.put(path + "cgroup.subtree_control", handed_down);
        imitation.put(path + "cgroup.procs", processes);
        if (!path.empty()) {
            imitation.put(path + "cgroup.events", "populated 1\nfrozen 0\n");
        }
    }
    [[nodiscard]] process::Result<std::unique_ptr<Hierarchy>> find(uid_t uid,
                                                                   const std::string& own = "/") const {
        return find_cgroup2(imitation.seen_by(uid, "cgroup2", "rw,nsdelegate", own));
    }
    [[nodiscard]] static std::string in_scope(const std::string& file) {
        return std::string(scope).substr(1) + "/" + file;
    }

    Imitation imitation;
};

TEST_F(Cgroup2, RootUsesTheRootWhereItHandsMemoryDown) {
    put_group("", "cpu memory pids\n", "memory pids\n");
    const auto found = find(0, "/system.slice/ssh.service");
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ((*found)->kind(), Kind::cgroup2);
    EXPECT_EQ((*found)->home(), imitation.root() / "vmlab");
}

TEST_F(Cgroup2, TheMachinesRootIsNeverChanged) {
    put_group("", "cpu memory pids\n", "pids\n");
    const auto found = find(0);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::machine_lacks);
    EXPECT_THAT(found.error().fix, HasSubstr("echo +memory"));
    EXPECT_EQ(imitation.text_of("cgroup.subtree_control"), "pids\n");
}

TEST_F(Cgroup2, IsLackingWhereMemoryIsWithCgroup1) {
    put_group("", "hugetlb\n", "");
    const auto found = find(0);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::machine_lacks);
    EXPECT_THAT(found.error().what, HasSubstr("no memory controller"));
}

TEST_F(Cgroup2, IsLackingWhereNothingIsMounted) {
    const auto found = find_cgroup2(Surroundings{});
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::machine_lacks);
}

TEST_F(Cgroup2, UserWithADelegatedScopeUsesIt) {
    put_group("", "cpu memory pids\n", "memory pids\n");
    put_group(in_scope(""), "memory pids\n", "", "41\n42\n");
    const auto found = find(1000, scope);
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ((*found)->home(), imitation.root() / in_scope("vmlab"));
}

TEST_F(Cgroup2, ProcessesOfADelegatedScopeMoveToALeafBeforeItHandsMemoryDown) {
    put_group("", "cpu memory pids\n", "memory pids\n");
    put_group(in_scope(""), "memory pids\n", "", "42\n");
    imitation.put(in_scope("vmlab/cgroup.subtree_control"));
    imitation.put(in_scope("vmlab/self/cgroup.procs"));
    const auto found = find(1000, scope).value();
    ASSERT_TRUE(found->open_to_children(found->home()));
    EXPECT_EQ(imitation.text_of(in_scope("vmlab/self/cgroup.procs")), "42");
    EXPECT_EQ(imitation.text_of(in_scope("cgroup.subtree_control")), "+memory +pids");
    EXPECT_EQ(imitation.text_of(in_scope("vmlab/cgroup.subtree_control")), "+memory");
}

TEST_F(Cgroup2, GraderThatStandsInTheLeafFindsTheScopeAgain) {
    put_group("", "cpu memory pids\n", "memory pids\n");
    put_group(in_scope(""), "memory pids\n", "memory\n");
    put_group(in_scope("vmlab/self/"), "memory\n", "", "42\n");
    const auto found = find(1000, std::string(scope) + "/vmlab/self");
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ((*found)->home(), imitation.root() / in_scope("vmlab"));
}

TEST_F(Cgroup2, UserWithoutDelegationIsToldTheCommand) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root, to make files that another user may not write";
    }
    put_group("", "cpu memory pids\n", "memory pids\n");
    put_group("user.slice/session-1.scope/", "memory pids\n", "", "42\n");
    ASSERT_EQ(::seteuid(65534), 0);
    const auto found = find(65534, "/user.slice/session-1.scope");
    ASSERT_EQ(::seteuid(0), 0);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::machine_lacks);
    EXPECT_THAT(found.error().what, HasSubstr("not delegated"));
    EXPECT_THAT(found.error().fix, HasSubstr("systemd-run --user --scope -p Delegate=yes"));
}

TEST_F(Cgroup2, ScopeWithoutTheMemoryControllerIsToldTheCommand) {
    put_group("", "cpu memory pids\n", "memory pids\n");
    put_group(in_scope(""), "pids\n", "");
    const auto found = find(1000, scope);
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().fix, HasSubstr("Delegate=yes"));
}

TEST_F(Cgroup2, RootOfAContainerIsTakenForDelegated) {
    put_group("", "memory pids\n", "", "1\n");
    imitation.put("cgroup.events", "populated 1\nfrozen 0\n");
    const auto found = find(0);
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ((*found)->home(), imitation.root() / "vmlab");
}

TEST_F(Cgroup2, LimitForbidsSwapAndGroupKills) {
    put_group("", "memory\n", "memory\n");
    for (const auto* file : {"group/memory.max", "group/memory.swap.max", "group/memory.oom.group"}) {
        imitation.put(file);
    }
    ASSERT_TRUE(find(0).value()->limit(imitation.root() / "group", 67108864));
    EXPECT_EQ(imitation.text_of("group/memory.max"), "67108864");
    EXPECT_EQ(imitation.text_of("group/memory.swap.max"), "0");
    EXPECT_EQ(imitation.text_of("group/memory.oom.group"), "0");
}

TEST_F(Cgroup2, MachineWithoutSwapAccountingIsNoObstacle) {
    put_group("", "memory\n", "memory\n");
    imitation.put("group/memory.max");
    EXPECT_TRUE(find(0).value()->limit(imitation.root() / "group", 67108864));
}

TEST_F(Cgroup2, CounterAndPeakAreRead) {
    put_group("", "memory\n", "memory\n");
    const auto group = imitation.root() / "group";
    imitation.put("group/memory.events", "low 0\nhigh 0\nmax 107\noom 1\noom_kill 1\noom_group_kill 0\n");
    const auto found = find(0).value();
    EXPECT_EQ(found->oom_kills(group).value(), 1U);
    EXPECT_EQ(found->peak_bytes(group), std::nullopt) << "a kernel before 5.19";
    imitation.put("group/memory.peak", "16777216\n");
    EXPECT_EQ(found->peak_bytes(group), 16777216U);
}

}  // namespace
}  // namespace vmlab::arena
