// The arena as graders use it: real programs, a real sandbox, the real OOM killer, in 16 MiB.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "arena/cgroup/cgroup.hpp"
#include "arena/live.hpp"
#include "vmlab/arena/arena.hpp"
#include "vmlab/process/sandbox.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::arena {
namespace {

using namespace std::chrono_literals;
using process::Ending;

constexpr auto hog = VMLAB_SUPPORT_DIR "/vmlab-hog";

class CgroupArenaTest : public testing::Test {
  protected:
    void SetUp() override {
        scratch_ = process::TemporaryFolder::create().value();
        auto sandbox =
            process::Sandbox::open(process::TierChoice::automatic, VMLAB_SUPPORT_DIR, scratch_->path());
        if (!sandbox) {
            ASSERT_EQ(sandbox.error().kind, process::ErrorKind::machine_lacks) << sandbox.error().what;
            GTEST_SKIP() << sandbox.error().what;
        }
        sandbox_ = std::move(*sandbox);
        auto arena = open_arena(KindChoice::automatic, *sandbox_);
        if (!arena) {
            ASSERT_EQ(arena.error().kind, process::ErrorKind::machine_lacks) << arena.error().what;
            GTEST_SKIP() << arena.error().what << " (" << arena.error().fix << ")";
        }
        arena_ = std::move(*arena);
        if (arena_->kind() == Kind::vm) {
            GTEST_SKIP() << "no cgroup arena here: the VM arena has tests of its own";
        }
    }

    static Contestant contestant(std::vector<std::string> argv, int start_after_lines = 0) {
        Contestant made;
        made.job.argv = std::move(argv);
        made.job.readable = {hog};
        made.job.limits.wall = 20s;
        made.start_after_lines = start_after_lines;
        return made;
    }
    static Contestant shell(const std::string& script, int start_after_lines = 0) {
        return contestant({"/bin/sh", "-c", script}, start_after_lines);
    }
    static Request request(std::vector<Contestant> contestants) {
        Request made;
        made.memory_bytes = 16U << 20U;
        made.contestants = std::move(contestants);
        return made;
    }
    [[nodiscard]] Outcome run(const Request& request) const {
        auto outcome = arena_->run(*sandbox_, request);
        EXPECT_TRUE(outcome) << outcome.error().what;
        if (outcome) {
            return std::move(*outcome);
        }
        Outcome nothing;
        nothing.contestants.resize(request.contestants.size());
        return nothing;
    }

    std::optional<process::TemporaryFolder> scratch_;
    std::optional<process::Sandbox> sandbox_;
    std::unique_ptr<Arena> arena_;
};

TEST_F(CgroupArenaTest, ProgramThatOutgrowsTheArenaIsOomKilled) {
    const Outcome outcome = run(request({contestant({hog})}));
    const ContestantResult& result = outcome.contestants[0];
    EXPECT_TRUE(result.oom_killed) << result.run.describe();
    EXPECT_TRUE(result.run.status.killed_by(SIGKILL));
    EXPECT_EQ(result.oom_kills, 1U);
    EXPECT_EQ(result.died_as, 0);
    EXPECT_EQ(outcome.oom_kills, 1U);
    if (outcome.peak_bytes) {
        EXPECT_GT(*outcome.peak_bytes, 14U << 20U);
        EXPECT_LE(*outcome.peak_bytes, 16U << 20U);
    }
    if (!outcome.log_missing) {
        ASSERT_TRUE(result.log_record) << outcome.kernel_log;
        EXPECT_EQ(result.log_record->pid, result.run.pid);
        EXPECT_EQ(result.log_record->name, "vmlab-hog");
        EXPECT_EQ(result.log_record->scope, evidence::OomScope::cgroup);
        EXPECT_GT(result.log_record->anon_rss_kb, 8U << 10U);
    }
}

TEST_F(CgroupArenaTest, KindIsSaid) {
    std::cout << "The arena's kind is " << name_of(arena_->kind()) << ".\n";
    EXPECT_NE(arena_->kind(), Kind::vm);
}

TEST_F(CgroupArenaTest, ProgramThatFitsIsNotKilled) {
    const Outcome outcome = run(request({shell("echo fine")}));
    EXPECT_TRUE(outcome.contestants[0].run.succeeded()) << outcome.contestants[0].run.describe();
    EXPECT_EQ(outcome.contestants[0].run.out, "fine\n");
    EXPECT_FALSE(outcome.contestants[0].oom_killed);
    EXPECT_EQ(outcome.oom_kills, 0U);
}

TEST_F(CgroupArenaTest, ProgramThatKillsItselfWasNotOomKilled) {
    const Outcome outcome = run(request({shell("kill -KILL $$")}));
    EXPECT_TRUE(outcome.contestants[0].run.status.killed_by(SIGKILL))
        << outcome.contestants[0].run.describe();
    EXPECT_FALSE(outcome.contestants[0].oom_killed);
}

TEST_F(CgroupArenaTest, ExitStatus137IsNoOomKill) {
    const Outcome outcome = run(request({shell("exit 137")}));
    EXPECT_TRUE(outcome.contestants[0].run.status.exited_with(137));
    EXPECT_FALSE(outcome.contestants[0].oom_killed);
}

TEST_F(CgroupArenaTest, PrintedKernelRecordIsNoOomKill) {
    const Outcome outcome =
        run(request({shell("echo \"Memory cgroup out of memory: Killed process $$ (sh) total-vm:1kB, "
                           "anon-rss:1kB, file-rss:0kB\"; "
                           "kill -KILL $$")}));
    EXPECT_FALSE(outcome.contestants[0].oom_killed);
}

TEST_F(CgroupArenaTest, ProgramKilledByItsTimeLimitWasNotOomKilled) {
    auto slow = shell("exec sleep 1000");
    slow.job.limits.wall = 300ms;
    const Outcome outcome = run(request({std::move(slow)}));
    EXPECT_EQ(outcome.contestants[0].run.ending, Ending::timed_out);
    EXPECT_FALSE(outcome.contestants[0].oom_killed);
}

TEST_F(CgroupArenaTest, ProgramWhoseChildWasKilledWasNot) {
    const Outcome outcome = run(request({shell(std::string(hog) + "; exit 7")}));
    EXPECT_TRUE(outcome.contestants[0].run.status.exited_with(7)) << outcome.contestants[0].run.describe();
    EXPECT_EQ(outcome.contestants[0].oom_kills, 1U);
    EXPECT_FALSE(outcome.contestants[0].oom_killed);
}

TEST_F(CgroupArenaTest, ProgramThatKillsItselfAfterItsChildWasKilledWasNot) {
    const Outcome outcome = run(request({shell(std::string(hog) + "; kill -KILL $$")}));
    EXPECT_TRUE(outcome.contestants[0].run.status.killed_by(SIGKILL));
    EXPECT_EQ(outcome.contestants[0].oom_kills, 1U);
    if (outcome.log_missing) {
        GTEST_SKIP() << "only the kernel's log can tell them apart: " << *outcome.log_missing;
    }
    EXPECT_FALSE(outcome.contestants[0].oom_killed) << outcome.kernel_log;
}

TEST_F(CgroupArenaTest, OneThatKillsItselfDoesNotPassForOneThatWasKilled) {
    const Outcome outcome = run(request({shell("kill -KILL $$"), contestant({hog})}));
    EXPECT_FALSE(outcome.contestants[0].oom_killed);
    EXPECT_TRUE(outcome.contestants[1].oom_killed);
    EXPECT_EQ(outcome.oom_kills, 1U);
}

TEST_F(CgroupArenaTest, HigherOomScoreDiesFirst) {
    // The first holds little and grows never; the kernel chooses it all the same when the second outgrows the
    // arena.
    // A megabyte of its own: the kernel rounds the arena's pages down to thousands before it weighs the
    // score, and the other's program file counts for it but not for the arena.
    auto meek = shell(
        "echo 1000 > /proc/self/oom_score_adj; text=aaaa; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 "
        "18; do "
        "text=$text$text; done; echo ready; sleep 1000 & wait");
    auto hungry = contestant({hog}, 1);
    Request both = request({std::move(meek), std::move(hungry)});
    both.over_when_ended = 1;
    const Outcome outcome = run(both);
    EXPECT_TRUE(outcome.contestants[0].oom_killed)
        << outcome.contestants[0].run.describe() << outcome.kernel_log;
    EXPECT_TRUE(outcome.contestants[1].oom_killed) << outcome.contestants[1].run.describe();
    EXPECT_EQ(outcome.contestants[0].died_as, 0) << outcome.kernel_log;
    EXPECT_EQ(outcome.contestants[1].died_as, 1);
}

TEST_F(CgroupArenaTest, SurvivorIsStoppedWhenTheContestIsOver) {
    Request both = request({shell("echo ready; exec sleep 1000"), contestant({hog}, 1)});
    both.over_when_ended = 1;
    const Outcome outcome = run(both);
    EXPECT_EQ(outcome.contestants[0].run.ending, Ending::stopped);
    EXPECT_FALSE(outcome.contestants[0].oom_killed);
    EXPECT_TRUE(outcome.contestants[1].oom_killed);
}

TEST_F(CgroupArenaTest, SamplesAreTakenAndShown) {
    Request one = request({shell("for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.02; done")});
    one.sample_interval = 5ms;
    std::atomic<std::size_t> shown = 0;
    one.on_sample = [&](std::size_t position, const evidence::ProcessSample& sample) {
        EXPECT_EQ(position, 0U);
        shown += sample.resident_bytes > 0 ? 1U : 0U;
    };
    const Outcome outcome = run(one);
    EXPECT_GT(outcome.contestants[0].samples.size(), 0U);
    EXPECT_GT(shown, 0U);
}

TEST_F(CgroupArenaTest, TalksWithAContestant) {
    Contestant talker = shell("echo ready; read answer; echo $answer");
    pid_t seen = 0;
    talker.job.on_pause = [&seen](const process::Pause& pause) -> std::optional<std::string> {
        seen = pause.pid;
        return "yes\n";
    };
    const Outcome outcome = run(request({talker}));
    EXPECT_EQ(outcome.contestants[0].run.out, "ready\nyes\n");
    EXPECT_EQ(outcome.contestants[0].run.pid, seen);
}

TEST_F(CgroupArenaTest, NoGroupIsLeft) {
    const auto groups = [home = Live::find().hierarchy->home()] {
        std::set<std::string> names;
        std::error_code error;
        for (std::filesystem::directory_iterator entry(home, error), end; !error && entry != end;
             entry.increment(error)) {
            // Other tests may be at work in groups of their own.
            if (entry->is_directory(error) && is_own_cgroup_name(entry->path().filename().string())) {
                names.insert(entry->path().string());
            }
        }
        return names;
    };
    std::set<std::string> during;
    auto watched = contestant({hog});
    watched.job.on_started = [&](pid_t) { during = groups(); };
    (void)run(request({std::move(watched)}));
    EXPECT_EQ(during.size(), 1U);
    EXPECT_THAT(groups(), testing::IsEmpty());
}

TEST_F(CgroupArenaTest, WhatOnlyAWholeMachineShowsIsRefused) {
    Request machine = request({shell("exit 0")});
    machine.scope = Scope::machine;
    Request manual = request({shell("exit 0")});
    manual.manual_kill = ManualKill{};
    Request adjusted = request({shell("exit 0")});
    adjusted.contestants[0].oom_score_adj = 0;
    Request held = request({shell("exit 0")});
    held.contestants[0].hold_at_exit = 1ms;
    for (const Request& each : {machine, manual, adjusted, held}) {
        const auto outcome = arena_->run(*sandbox_, each);
        ASSERT_FALSE(outcome);
        EXPECT_EQ(outcome.error().kind, process::ErrorKind::machine_lacks);
        EXPECT_THAT(outcome.error().what, testing::HasSubstr("is for the VM arena alone"));
        EXPECT_THAT(outcome.error().fix, testing::HasSubstr("scripts/setup --vm"));
    }
}

}  // namespace
}  // namespace vmlab::arena
