#include "vmlab/process/capacity.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::process {
namespace {

constexpr int processors = 16;

/// A machine of files: /proc and /sys.
class CapacityTest : public testing::Test {
  protected:
    void put(const std::filesystem::path& file, const std::string& text) const {
        const std::filesystem::path path = folder_.path() / file;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    /// `shown`: the part of the hierarchy that the mount shows.
    void mount_version2(const std::string& own_group, const std::string& shown = "/") const {
        put("proc/self/cgroup", fmt::format("0::{}\n", own_group));
        put("proc/self/mountinfo",
            "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n" +
                fmt::format("30 22 0:26 {} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n", shown));
    }
    void mount_version1(const std::string& own_group, const std::string& shown = "/") const {
        put("proc/self/cgroup", fmt::format("4:memory:{0}\n3:cpu,cpuacct:{0}\n0::/\n", own_group));
        put("proc/self/mountinfo",
            fmt::format("30 22 0:26 {0} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                        "31 22 0:27 {0} /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
                        shown));
    }
    [[nodiscard]] int jobs() const { return jobs_within(processors, folder_.path()); }

  private:
    TemporaryFolder folder_ = TemporaryFolder::create().value();
};

TEST_F(CapacityTest, AMachineThatTellsNothingIsTakenAtItsProcessors) {
    EXPECT_EQ(jobs(), processors);
    EXPECT_EQ(jobs_within(0, "/nowhere"), 1);
}

TEST_F(CapacityTest, QuotaOfVersion2) {
    mount_version2("/box/inner");
    put("sys/fs/cgroup/box/inner/cpu.max", "max 100000\n");
    EXPECT_EQ(jobs(), processors);
    put("sys/fs/cgroup/box/cpu.max", "300000 100000\n");
    EXPECT_EQ(jobs(), 3) << "the group above";
    put("sys/fs/cgroup/box/inner/cpu.max", "50000 100000\n");
    EXPECT_EQ(jobs(), 1) << "half a processor";
}

TEST_F(CapacityTest, QuotaOfVersion1) {
    mount_version1("/docker/0a1b", "/docker/0a1b");
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    EXPECT_EQ(jobs(), processors);
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "200000\n");
    EXPECT_EQ(jobs(), 2);
}

TEST_F(CapacityTest, MemoryOfVersion2) {
    mount_version2("/");
    put("sys/fs/cgroup/memory.max", "max\n");
    EXPECT_EQ(jobs(), processors);
    put("sys/fs/cgroup/memory.max", fmt::format("{}\n", 1ULL << 30U));
    EXPECT_EQ(jobs(), 2);
    put("sys/fs/cgroup/memory.max", fmt::format("{}\n", 256ULL << 20U));
    EXPECT_EQ(jobs(), 1);
}

TEST_F(CapacityTest, MemoryOfVersion1) {
    mount_version1("/a/b");
    put("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
    EXPECT_EQ(jobs(), processors);
    put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", fmt::format("{}\n", 2ULL << 30U));
    EXPECT_EQ(jobs(), 5);
}

TEST_F(CapacityTest, AGroupOutsideOfWhatTheMountShowsHasTheMountsOwnLimits) {
    mount_version2("/../elsewhere", "/");
    put("sys/fs/cgroup/memory.max", fmt::format("{}\n", 1ULL << 30U));
    EXPECT_EQ(jobs(), 2);
    mount_version2("/system/ssh", "/docker/0a1b");
    EXPECT_EQ(jobs(), 2);
}

TEST_F(CapacityTest, MemoryOfTheMachine) {
    put("proc/meminfo", "MemTotal:        2097152 kB\nMemFree:          100 kB\n");
    EXPECT_EQ(jobs(), 5);
}

TEST_F(CapacityTest, FilesThatSayNothingLimitNothing) {
    mount_version2("/");
    put("sys/fs/cgroup/cpu.max", "");
    put("sys/fs/cgroup/memory.max", "much\n");
    put("proc/meminfo", "MemTotal:");
    EXPECT_EQ(jobs(), processors);
    put("sys/fs/cgroup/cpu.max", "100000");
    EXPECT_EQ(jobs(), processors);
}

TEST(DefaultJobs, AreAtLeastOne) {
    EXPECT_GE(default_jobs(), 1);
}

}  // namespace
}  // namespace vmlab::process
