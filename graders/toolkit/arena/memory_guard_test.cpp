#include "vmlab/arena/memory_guard.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::arena {
namespace {

class MemoryGuardTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto folder = process::TemporaryFolder::create();
        ASSERT_TRUE(folder) << folder.error().what;
        folder_.emplace(std::move(*folder));
        auto opened =
            process::Sandbox::open(process::TierChoice::automatic, VMLAB_SUPPORT_DIR, folder_->path());
        auto guards = memory_guards();
        if (!opened || !guards) {
            GTEST_SKIP() << (opened ? guards.error().what : opened.error().what);
        }
        opened->guard_memory(std::move(*guards));
        sandbox_.emplace(std::move(*opened));
    }

    process::Run run(const std::string& script, std::uint64_t memory_bytes) {
        process::Job job;
        job.argv = {"/bin/bash", "-c", script};
        job.limits.memory_bytes = memory_bytes;
        const auto made = sandbox_->run(job);
        EXPECT_TRUE(made) << made.error().what;
        return made.value_or(process::Run{});
    }

    std::optional<process::TemporaryFolder> folder_;
    std::optional<process::Sandbox> sandbox_;
};

TEST_F(MemoryGuardTest, SaysThatARunWantedTooMuch) {
    const auto made = run("text=x; while :; do text=$text$text; done", 32U << 20U);
    EXPECT_TRUE(made.out_of_memory) << made.describe();
}

TEST_F(MemoryGuardTest, SaysNothingOfAProgramThatKillsItself) {
    EXPECT_FALSE(run("kill -KILL $$", 64U << 20U).out_of_memory);
    EXPECT_FALSE(run("exit 137", 64U << 20U).out_of_memory);
}

}  // namespace
}  // namespace vmlab::arena
