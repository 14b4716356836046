#include "vmlab/process/cleanup_on_signal.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::process {
namespace {

TEST(CleanupOnSignalTest, CleansUpAndDiesByTheSignal) {
    const auto scratch = TemporaryFolder::create();
    ASSERT_TRUE(scratch) << scratch.error().what;
    const auto folder = scratch->path() / "work";
    std::filesystem::create_directories(folder / "inner");
    const pid_t child = fork();
    if (child == 0) {
        const auto cleanup = CleanupOnSignal::install([&] { std::filesystem::remove_all(folder); });
        raise(SIGTERM);
        for (;;) {
            pause();
        }
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), SIGTERM);
    EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(CleanupOnSignalTest, DoesNothingWhenNothingHappens) {
    int calls = 0;
    {
        const auto cleanup = CleanupOnSignal::install([&] { ++calls; });
    }
    EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace vmlab::process
