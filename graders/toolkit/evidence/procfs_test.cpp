#include "vmlab/evidence/procfs.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

namespace vmlab::evidence {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Status, IsReadField) {
    ProcessSample sample;
    parse_status(
        "Name:\ta b\nState:\tD (disk sleep)\nNSpid:\t4711\t7\nVmSize:\t    2000 kB\nVmData:\t     700 kB\nVmHWM:\t900 kB\n"
        "VmRSS:\t     800 kB\nRssAnon:\t     600 kB\nVmSwap:\t       4 kB\n",
        sample);
    EXPECT_EQ(sample.state, 'D');
    EXPECT_THAT(sample.namespace_pids, ElementsAre(4711, 7));
    EXPECT_EQ(sample.virtual_bytes, 2'048'000U);
    EXPECT_EQ(sample.data_bytes, 716'800U);
    EXPECT_EQ(sample.peak_resident_bytes, 921'600U);
    EXPECT_EQ(sample.resident_bytes, 819'200U);
    EXPECT_EQ(sample.anonymous_bytes, 614'400U);
    EXPECT_EQ(sample.swap_bytes, 4096U);
}

TEST(Status, MayBeHostile) {
    ProcessSample sample;
    parse_status("VmRSS:\nState:\nNSpid:\tx\nVmSize: 99999999999999999999999 kB\n\xff\n", sample);
    EXPECT_EQ(sample.resident_bytes, 0U);
    EXPECT_EQ(sample.virtual_bytes, 0U);
    EXPECT_EQ(sample.state, '?');
    EXPECT_THAT(sample.namespace_pids, IsEmpty());
}

TEST(Stat, TellsPageFaultsBehindAnyName) {
    ProcessSample sample;
    parse_stat("12 (a ) b (c) S 1 12 12 0 -1 4194560 101 202 3 4 0 0 0 0 20 0", sample);
    EXPECT_EQ(sample.minor_faults, 101U);
    EXPECT_EQ(sample.children_minor_faults, 202U);
    EXPECT_EQ(sample.major_faults, 3U);
    EXPECT_EQ(sample.children_major_faults, 4U);
    for (const char* hostile : {"x", ")", "12 (a", "12 (a) S", "12 (a) S 1 2 3 4 5 6 x y"}) {
        parse_stat(hostile, sample);
        EXPECT_EQ(sample.minor_faults, 0U) << hostile;
    }
}

TEST(Mappings, AreReadRowByRow) {
    const auto mappings = parse_mappings(
        "55d0c0a6a000-55d0c0a8b000 rw-p 00000000 00:00 0                  [heap]\n"
        "7f00-7f10 r-xp 00001000 08:01 12 /a file (deleted)\n"
        "7f20-7f30 ---p 00000000 00:00 0 \n"
        "no mapping\n1-\n-2 r\n12-34\n");
    ASSERT_THAT(mappings, SizeIs(3));
    EXPECT_EQ(mappings[0].path, "[heap]");
    EXPECT_EQ(mappings[0].permissions, "rw-p");
    EXPECT_TRUE(mappings[0].contains(0x55d0c0a6a000));
    EXPECT_FALSE(mappings[0].contains(0x55d0c0a8b000));
    EXPECT_EQ(mappings[1].path, "/a file (deleted)");
    EXPECT_EQ(mappings[1].offset, 0x1000U);
    EXPECT_EQ(mappings[1].device, "08:01");
    EXPECT_EQ(mappings[1].inode, 12U);
    EXPECT_EQ(mappings[1].bytes(), 0x10U);
    EXPECT_EQ(mappings[2].path, "");
}

TEST(Process, IsSampledFromOutside) {
    const auto sample = sample_process(getpid());
    ASSERT_TRUE(sample) << sample.error().what;
    EXPECT_GT(sample->virtual_bytes, sample->resident_bytes);
    EXPECT_GT(sample->resident_bytes, 0U);
    EXPECT_GT(sample->minor_faults, 0U);
    EXPECT_GT(sample->page_table_bytes, 0U);
    EXPECT_GT(sample->oom_score, 0);
    EXPECT_EQ(sample->namespace_pids.back(), getpid());
    const auto mappings = read_mappings(getpid());
    ASSERT_TRUE(mappings);
    int local = 0;
    EXPECT_TRUE(std::ranges::any_of(
        *mappings, [&](const Mapping& m) { return m.contains(reinterpret_cast<std::uint64_t>(&local)); }));
}

TEST(Process, ThatIsGoneIsAnError) {
    const pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    waitpid(child, nullptr, 0);
    EXPECT_FALSE(sample_process(child));
    EXPECT_FALSE(read_mappings(child));
}

TEST(Sampler, SamplesUntilTheProcessEnds) {
    const pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    std::mutex mutex;
    std::condition_variable seen_some;
    int seen = 0;
    Sampler sampler(child, std::chrono::milliseconds(1), [&](const ProcessSample&) {
        const std::lock_guard lock(mutex);
        ++seen;
        seen_some.notify_all();
    });
    {
        std::unique_lock lock(mutex);
        seen_some.wait(lock, [&] { return seen >= 3; });
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const auto samples = sampler.finish();
    EXPECT_GE(samples.size(), 3U);
    EXPECT_TRUE(std::ranges::is_sorted(samples, {}, &ProcessSample::at));
}

TEST(Sampler, StopsAtOnceHoweverLongItsInterval) {
    for (int i = 0; i < 50; ++i) {
        Sampler sampler(getpid(), std::chrono::hours(1));
        EXPECT_LE(sampler.finish().size(), 1U);
    }
    const Sampler never_finished(getpid(), std::chrono::hours(1));
}

}  // namespace
}  // namespace vmlab::evidence
