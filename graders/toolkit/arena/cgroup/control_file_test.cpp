#include "arena/cgroup/control_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "vmlab/process/files.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::arena {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CounterIn, ReadsMemoryOomControlOfCgroup1) {
    constexpr auto linux_6 = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n";
    EXPECT_EQ(counter_in(linux_6, "oom_kill"), 3U);
    EXPECT_EQ(counter_in(linux_6, "under_oom"), 0U);
}

TEST(CounterIn, DoesNotTakeOomKillDisableForTheCounter) {
    constexpr auto linux_4_9 = "oom_kill_disable 1\nunder_oom 0\n";
    EXPECT_EQ(counter_in(linux_4_9, "oom_kill"), std::nullopt);
}

TEST(CounterIn, ReadsMemoryEventsOfCgroup2) {
    constexpr auto linux_4_15 = "low 0\nhigh 0\nmax 107\noom 1\noom_kill 1\n";
    constexpr auto linux_5_17 = "low 0\nhigh 0\nmax 107\noom 2\noom_kill 2\noom_group_kill 0\n";
    constexpr auto linux_6_16 =
        "low 0\nhigh 0\nmax 107\noom 4\noom_kill 4\noom_group_kill 0\nsock_throttled 0\n";
    EXPECT_EQ(counter_in(linux_4_15, "oom_kill"), 1U);
    EXPECT_EQ(counter_in(linux_5_17, "oom_kill"), 2U);
    EXPECT_EQ(counter_in(linux_6_16, "oom_kill"), 4U);
}

TEST(CounterIn, IsAbsentInTextThatIsNoCounter) {
    for (const auto* text : {"", "\n", "oom_kill", "oom_kill ", "oom_kill x", "oom_kill -1", "oom_kill 1 2",
                             "oom_killx 1", " oom_kill 1", "oom_kill 99999999999999999999"}) {
        EXPECT_EQ(counter_in(text, "oom_kill"), std::nullopt) << text;
    }
}

TEST(NumberIn, ReadsAWholeFileThatIsANumber) {
    EXPECT_EQ(number_in("16777216\n"), 16777216U);
    EXPECT_EQ(number_in("0"), 0U);
    EXPECT_EQ(number_in("max\n"), std::nullopt);
    EXPECT_EQ(number_in(""), std::nullopt);
    EXPECT_EQ(number_in("1\n\n"), std::nullopt);
}

TEST(WordsIn, SplitsAtAnyWhiteSpace) {
    EXPECT_THAT(words_in("cpu memory pids\n"), ElementsAre("cpu", "memory", "pids"));
    EXPECT_THAT(words_in("12\n345\n"), ElementsAre("12", "345"));
    EXPECT_THAT(words_in(""), IsEmpty());
}

TEST(HasWord, WantsTheWholeWord) {
    EXPECT_TRUE(has_word("cpu memory pids\n", "memory"));
    EXPECT_FALSE(has_word("cpu memory_recursiveprot\n", "memory"));
}

TEST(WriteControlFile, NeverCreatesTheFile) {
    const auto folder = process::TemporaryFolder::create();
    ASSERT_TRUE(folder);
    const auto written = write_control_file(folder->path() / "memory.max", "1");
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().what, testing::HasSubstr("memory.max"));
    EXPECT_FALSE(std::filesystem::exists(folder->path() / "memory.max"));
}

TEST(WriteControlFile, WritesTheValue) {
    const auto folder = process::TemporaryFolder::create();
    ASSERT_TRUE(folder);
    std::ofstream(folder->path() / "memory.max").close();
    ASSERT_TRUE(write_control_file(folder->path() / "memory.max", "16777216"));
    EXPECT_EQ(process::read_kernel_file(folder->path() / "memory.max").value_or(""), "16777216");
}

}  // namespace
}  // namespace vmlab::arena
