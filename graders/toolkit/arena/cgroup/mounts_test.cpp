#include "arena/cgroup/mounts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vmlab::arena {
namespace {

TEST(ParseMounts, ReadsFolderTypeAndOptions) {
    const auto mounts = parse_mounts(
        "tmpfs /sys/fs/cgroup tmpfs ro,nosuid,nodev,noexec,mode=755 0 0\n"
        "cgroup /sys/fs/cgroup/memory cgroup rw,nosuid,nodev,noexec,relatime,memory 0 0\n"
        "cgroup2 /sys/fs/cgroup/unified cgroup2 rw,nsdelegate 0 0\n");
    ASSERT_EQ(mounts.size(), 3U);
    EXPECT_EQ(mounts[1].folder, "/sys/fs/cgroup/memory");
    EXPECT_EQ(mounts[1].type, "cgroup");
    EXPECT_TRUE(mounts[1].has("memory"));
    EXPECT_FALSE(mounts[1].has("mem"));
    EXPECT_EQ(mounts[2].type, "cgroup2");
}

TEST(ParseMounts, UndoesOctalEscapes) {
    const auto mounts = parse_mounts("none /a\\040b\\134c\\999\\04 cgroup2 rw 0 0\n");
    ASSERT_EQ(mounts.size(), 1U);
    EXPECT_EQ(mounts[0].folder, "/a b\\c\\999\\04");
}

TEST(ParseMounts, PassesOverRowsThatAreNone) {
    EXPECT_TRUE(parse_mounts("\nnone /a\n \n").empty());
}

}  // namespace
}  // namespace vmlab::arena
