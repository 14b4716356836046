#include "arena/cgroup/cgroup.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::arena {
namespace {

// The name that another process, dead by now, gave to a group.
std::string name_of_a_dead_owner() {
    auto pipe = process::make_pipe().value();
    const pid_t child = ::fork();
    if (child == 0) {
        const std::string name = next_cgroup_name();
        ::_exit(::write(pipe.theirs.get(), name.data(), name.size()) > 0 ? 0 : 1);
    }
    ::waitpid(child, nullptr, 0);
    char name[128];
    const ssize_t length = ::read(pipe.ours.get(), name, sizeof name);
    return {name, static_cast<std::size_t>(length)};
}

TEST(CgroupName, IsNewEachTime) {
    EXPECT_NE(next_cgroup_name(), next_cgroup_name());
}

TEST(CgroupName, IsNotStaleWhileItsOwnerLives) {
    EXPECT_FALSE(is_stale_cgroup_name(next_cgroup_name()));
}

TEST(CgroupName, IsStaleWhenItsOwnerIsDead) {
    EXPECT_TRUE(is_stale_cgroup_name(name_of_a_dead_owner()));
}

TEST(CgroupName, OfAnotherPidNamespaceIsNeverStale) {
    const std::string name = name_of_a_dead_owner();
    EXPECT_FALSE(is_stale_cgroup_name("1" + name.substr(name.find('-'))));
}

TEST(CgroupName, OfSomebodyElseIsNeverStale) {
    for (const auto* name :
         {"", ".", "..", "...", "self", "1.2", "1-2-3.x", "system.slice", "user@1000.service"}) {
        EXPECT_FALSE(is_stale_cgroup_name(name)) << name;
    }
}

TEST(Cgroup, IsAnErrorWhereItCannotBeMade) {
    const auto made = Cgroup::make("/proc/vmlab-none");
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().what.find("/proc/vmlab-none"), std::string::npos);
}

TEST(Cgroup, IsRemovedWithTheGroupsBelowIt) {
    const auto folder = process::TemporaryFolder::create().value();
    const auto path = folder.path() / "group";
    {
        const auto group = Cgroup::make(path).value();
        EXPECT_EQ(group.processes(), path / "cgroup.procs");
        std::filesystem::create_directories(path / "below" / "below");
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Cgroup, BelongsToOneOwnerOnly) {
    const auto folder = process::TemporaryFolder::create().value();
    const auto path = folder.path() / "group";
    auto first = Cgroup::make(path).value();
    {
        const Cgroup second = std::move(first);
        EXPECT_TRUE(std::filesystem::exists(path));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace vmlab::arena
