#include "grading/cleanup_on_signal.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "grading/scratch_folder.hpp"

namespace vmlab::grading {
namespace {

using testing_tools::ScratchFolder;

TEST(CleanupOnSignalTest, RemovesTheFolderAndDiesByTheSignal) {
    const ScratchFolder scratch;
    const auto folder = scratch.write("work/inner/file", "text").parent_path().parent_path();
    const pid_t child = fork();
    if (child == 0) {
        const auto cleanup = CleanupOnSignal::install(folder);
        raise(SIGTERM);
        for (;;)
            pause();
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), SIGTERM);
    EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(CleanupOnSignalTest, LeavesTheFolderAloneWhenNothingHappens) {
    const ScratchFolder scratch;
    const auto file = scratch.write("work/file", "text");
    { const auto cleanup = CleanupOnSignal::install(file.parent_path()); }
    EXPECT_TRUE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace vmlab::grading
