// The VM arena as graders use it: a real kernel that really runs out of memory.
#include "arena/vm/arena.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>
#include <utility>

#include "arena/vm/testing.hpp"

namespace vmlab::arena {
namespace {

using namespace std::chrono_literals;
using process::Ending;
using testing::HasSubstr;
using VmArenaTest = VmTest;

TEST_F(VmArenaTest, ProgramThatOutgrowsTheMachineIsOomKilled) {
    std::string live;
    Request one = request(Scope::machine, {contestant({hog()})});
    one.on_log = [&live](std::string_view records) { live += records; };
    const Outcome outcome = run(one);
    const ContestantResult& result = outcome.contestants[0];
    EXPECT_TRUE(result.oom_killed) << result.run.describe() << outcome.kernel_log;
    EXPECT_EQ(result.oom_kills, 1U);
    EXPECT_EQ(result.died_as, 0);
    EXPECT_EQ(result.run.pid, 0);
    ASSERT_TRUE(result.log_record) << outcome.kernel_log;
    EXPECT_EQ(result.log_record->pid, result.run.inner_pid);
    EXPECT_EQ(result.log_record->name, "vmlab-hog");
    EXPECT_EQ(result.log_record->scope, evidence::OomScope::machine);
    EXPECT_EQ(live, outcome.kernel_log);
    EXPECT_THAT(outcome.syslog, HasSubstr("Out of memory: Killed process " +
                                          std::to_string(result.run.inner_pid) + " (vmlab-hog)"));
    EXPECT_FALSE(evidence::parse_oom_kills(outcome.syslog).empty()) << outcome.syslog;
    EXPECT_THAT(outcome.meminfo, HasSubstr("MemTotal:"));
    EXPECT_THAT(outcome.vmstat, HasSubstr("oom_kill 1\n"));
    EXPECT_FALSE(outcome.peak_bytes);
}

TEST_F(VmArenaTest, ProgramThatOutgrowsAGroupIsOomKilled) {
    const Outcome outcome = run(request(Scope::group, {contestant({hog()})}));
    const ContestantResult& result = outcome.contestants[0];
    EXPECT_TRUE(result.oom_killed) << result.run.describe() << outcome.kernel_log;
    ASSERT_TRUE(result.log_record) << outcome.kernel_log;
    EXPECT_EQ(result.log_record->scope, evidence::OomScope::cgroup);
    ASSERT_TRUE(outcome.peak_bytes);
    EXPECT_GT(*outcome.peak_bytes, 14U << 20U);
    EXPECT_LE(*outcome.peak_bytes, 16U << 20U);
}

TEST_F(VmArenaTest, OrdinaryProgramRunsAsAnOrdinaryUser) {
    Contestant one = shell(
        "echo to stderr >&2; cat; echo $COLOUR; "
        "while read -r key value rest; do case $key in Uid:|CapEff:|NoNewPrivs:) echo $key $value ;; esac; "
        "done </proc/self/status; (echo 6 > /dev/kmsg) 2>/dev/null && echo wrote; exit 3");
    one.job.input = "from stdin\n";
    one.job.environment = {{"COLOUR", "green"}};
    const Outcome outcome = run(request(Scope::group, {std::move(one)}));
    const ContestantResult& result = outcome.contestants[0];
    EXPECT_TRUE(result.run.status.exited_with(3)) << result.run.describe();
    EXPECT_EQ(result.run.out, "from stdin\ngreen\nUid: 1000\nCapEff: 0000000000000000\nNoNewPrivs: 1\n");
    EXPECT_EQ(result.run.err, "to stderr\n");
    EXPECT_FALSE(result.oom_killed);
    EXPECT_EQ(outcome.oom_kills, 0U);
}

TEST_F(VmArenaTest, OtherDeathsAreNoOomKills) {
    Contestant slow = shell("exec sleep 1000");
    slow.job.limits.wall = 300ms;
    Contestant talkative = shell("while :; do echo talk; done");
    talkative.job.limits.output_bytes = 1000;
    const Outcome outcome = run(request(
        Scope::group, {shell("kill -KILL $$"), shell("exit 137"), std::move(slow), std::move(talkative),
                       shell("echo \"Out of memory: Killed process $$ (dash) total-vm:1kB, anon-rss:1kB, "
                             "file-rss:0kB\"; kill -KILL $$")}));
    EXPECT_TRUE(outcome.contestants[0].run.status.killed_by(SIGKILL));
    EXPECT_TRUE(outcome.contestants[1].run.status.exited_with(137));
    EXPECT_EQ(outcome.contestants[2].run.ending, Ending::timed_out);
    EXPECT_EQ(outcome.contestants[3].run.ending, Ending::output_limit);
    EXPECT_TRUE(outcome.contestants[4].run.status.killed_by(SIGKILL));
    for (const ContestantResult& each : outcome.contestants) {
        EXPECT_FALSE(each.oom_killed);
    }
}

/// Signals the machine's process, somewhere below this one.
void signal_machine(const char* signal) {
    const std::string command =
        "walk() { for child in $(cat /proc/$1/task/*/children); do read -r name </proc/$child/comm; "
        "case $name in qemu*) kill -" +
        std::string(signal) + " $child;; esac; walk $child; done; }; walk " + std::to_string(::getpid());
    ASSERT_EQ(std::system(command.c_str()), 0);  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
}

TEST_F(VmArenaTest, TimeInWhichTheMachineDidNotRunIsNotTheProgramsTime) {
    Contestant one = shell("echo ready; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; done; echo done");
    one.job.limits.wall = 5s;  // 10 s in the guest
    bool stood_still = false;
    one.job.on_output = [&stood_still](std::string_view) {
        if (std::exchange(stood_still, true)) {
            return;
        }
        signal_machine("STOP");
        std::this_thread::sleep_for(11s);
        signal_machine("CONT");
    };
    const Outcome outcome = run(request(Scope::group, {std::move(one)}));
    EXPECT_TRUE(stood_still);
    EXPECT_TRUE(outcome.contestants[0].run.succeeded()) << outcome.contestants[0].run.describe();
    EXPECT_EQ(outcome.contestants[0].run.out, "ready\ndone\n");
}

/// Makes 4 MiB in one variable, with a line before and behind the wait.
constexpr const char* fills_and_waits =
    "x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do x=$x$x; done; "
    "echo filled; read -r enter; echo ${#x}; read -r enter; echo end";

TEST_F(VmArenaTest, PushedMemoryGoesToSwapAndComesBackByMajorFaults) {
    Request one = request(Scope::machine, {shell(fills_and_waits)});
    one.swap_bytes = 32U << 20U;
    one.contestants[0].dialogue = std::vector<Push>{{.reclaim = true}};
    const Outcome outcome = run(one);
    const ContestantResult& result = outcome.contestants[0];
    EXPECT_EQ(result.run.out, "filled\n4194304\nend\n") << result.run.describe();
    ASSERT_EQ(result.looks.size(), 2U);
    EXPECT_EQ(result.looks[0].lines, 1U);
    EXPECT_EQ(result.looks[1].lines, 2U);
    EXPECT_GE(result.looks[0].sample.swap_bytes, 4U << 20U);
    EXPECT_LT(result.looks[1].sample.swap_bytes, result.looks[0].sample.swap_bytes);
    EXPECT_GE(result.looks[1].sample.major_faults, result.looks[0].sample.major_faults + 1000);
    EXPECT_THAT(outcome.meminfo, HasSubstr("SwapTotal:         32764 kB"));
}

TEST_F(VmArenaTest, WithoutSwapNothingIsSwappedOut) {
    Request one = request(Scope::machine, {shell(fills_and_waits)});
    one.contestants[0].dialogue = std::vector<Push>{{.reclaim = true}};
    const Outcome outcome = run(one);
    ASSERT_EQ(outcome.contestants[0].looks.size(), 2U) << outcome.contestants[0].run.describe();
    EXPECT_EQ(outcome.contestants[0].looks[0].sample.swap_bytes, 0U);
    EXPECT_THAT(outcome.meminfo, HasSubstr("SwapTotal:             0 kB"));
}

TEST_F(VmArenaTest, LimitOfItsOwnKillsAContestantThatMayNotSwap) {
    Request two = request(Scope::machine, {shell(fills_and_waits), shell(fills_and_waits, 1000)});
    two.swap_bytes = 32U << 20U;
    for (Contestant& contestant : two.contestants) {
        contestant.memory_bytes = 3U << 20U;
        contestant.dialogue.emplace();
    }
    two.contestants[0].swap_bytes = 0;
    const Outcome outcome = run(two);
    EXPECT_TRUE(outcome.contestants[0].oom_killed) << outcome.contestants[0].run.describe();
    EXPECT_FALSE(outcome.contestants[1].oom_killed) << outcome.kernel_log;
    EXPECT_EQ(outcome.contestants[1].run.out, "filled\n4194304\nend\n");
}

TEST_F(VmArenaTest, DialogueWithoutEndIsEnded) {
    Request one =
        request(Scope::machine, {shell("n=0; while read -r enter; do n=$((n + 1)); done; echo $n")});
    one.contestants[0].dialogue.emplace();
    const Outcome outcome = run(one);
    EXPECT_EQ(outcome.contestants[0].run.out, "63\n") << outcome.contestants[0].run.describe();
    EXPECT_EQ(outcome.contestants[0].looks.size(), 64U);
}

TEST_F(VmArenaTest, ProgramWhoseChildWasKilledWasNot) {
    const Outcome outcome =
        run(request(Scope::group, {shell(hog() + "; exit 7"), shell(hog() + "; kill -KILL $$")}));
    EXPECT_TRUE(outcome.contestants[0].run.status.exited_with(7)) << outcome.contestants[0].run.describe();
    EXPECT_EQ(outcome.contestants[0].oom_kills, 1U);
    EXPECT_FALSE(outcome.contestants[0].oom_killed);
    EXPECT_FALSE(outcome.contestants[1].oom_killed) << outcome.kernel_log;
}

TEST_F(VmArenaTest, HigherScoreDiesFirstAndTheContestEnds) {
    Contestant meek = shell("echo ready; exec sleep 1000");
    meek.oom_score_adj = 1000;
    Contestant safe = shell("echo ready; exec sleep 1000", 1);
    safe.oom_score_adj = -1000;
    Request three = request(Scope::machine, {std::move(meek), std::move(safe), contestant({hog()}, 1)});
    three.over_when_ended = 2;
    const Outcome outcome = run(three);
    EXPECT_TRUE(outcome.contestants[0].oom_killed) << outcome.kernel_log;
    EXPECT_EQ(outcome.contestants[0].died_as, 0);
    EXPECT_EQ(outcome.contestants[1].run.ending, Ending::stopped);
    EXPECT_FALSE(outcome.contestants[1].oom_killed);
    EXPECT_TRUE(outcome.contestants[2].oom_killed) << outcome.kernel_log;
    EXPECT_EQ(outcome.contestants[2].died_as, 1);
}

TEST_F(VmArenaTest, ManualKillTakesTheHighestScoreAlthoughThereIsMemory) {
    Contestant innocent = shell("echo ready; exec sleep 1000");
    innocent.oom_score_adj = 900;
    Contestant asks = shell("echo now; sleep 1; echo still here", 1);
    Request two = request(Scope::machine, {std::move(innocent), std::move(asks)});
    two.manual_kill = ManualKill{.contestant = 1, .after_lines = 1};
    two.over_when_ended = 1;
    const Outcome outcome = run(two);
    EXPECT_TRUE(outcome.contestants[0].oom_killed) << outcome.kernel_log;
    EXPECT_TRUE(outcome.contestants[1].run.succeeded()) << outcome.contestants[1].run.describe();
    EXPECT_THAT(outcome.kernel_log, HasSubstr("Manual OOM execution"));
}

TEST_F(VmArenaTest, VictimThatIsHeldIsReaped) {
    Contestant held = contestant({hog()});
    held.hold_at_exit = 2500ms;
    const Outcome outcome = run(request(Scope::machine, {std::move(held)}));
    EXPECT_TRUE(outcome.contestants[0].oom_killed) << outcome.kernel_log;
    EXPECT_THAT(outcome.kernel_log, HasSubstr("oom_reaper: reaped process"));
}

TEST_F(VmArenaTest, SamplesAreTakenInTheGuest) {
    Request one = request(Scope::group, {shell("for i in 1 2 3 4 5; do sleep 0.05; done")});
    one.sample_interval = 10ms;
    const Outcome outcome = run(one);
    ASSERT_GT(outcome.contestants[0].samples.size(), 0U);
    EXPECT_GT(outcome.contestants[0].samples.front().resident_bytes, 0U);
    EXPECT_GT(outcome.contestants[0].samples.front().virtual_bytes, 0U);
}

TEST_F(VmArenaTest, UsersStopEndsTheMachine) {
    std::stop_source stop;
    Contestant endless = shell("echo ready; exec sleep 1000");
    endless.job.limits.wall = 300s;
    endless.job.stop = stop.get_token();
    endless.job.on_output = [&stop](std::string_view) { stop.request_stop(); };
    const Outcome outcome = run(request(Scope::group, {std::move(endless)}));
    EXPECT_EQ(outcome.contestants[0].run.ending, Ending::stopped);
    EXPECT_EQ(outcome.contestants[0].run.out, "ready\n");
}

TEST_F(VmArenaTest, MachineWithNothingLeftToKillLosesItsPrograms) {
    Contestant untouchable = contestant({hog()});
    untouchable.oom_score_adj = -1000;
    const Outcome outcome = run(request(Scope::machine, {std::move(untouchable)}));
    EXPECT_EQ(outcome.contestants[0].run.ending, Ending::lost) << outcome.contestants[0].run.describe();
    EXPECT_FALSE(outcome.contestants[0].oom_killed);
}

TEST_F(VmArenaTest, CachedStateIsRestoredAndATruncatedOneRebuilt) {
    const process::TemporaryFolder cache = process::TemporaryFolder::create().value();
    VmOptions options;
    options.cache = cache.path();
    std::string progress;
    options.on_progress = [&progress](std::string_view line) { progress += std::string(line) + '\n'; };
    ASSERT_TRUE(open_vm(*sandbox_, options));
    EXPECT_THAT(progress, HasSubstr("building the VM arena's snapshot"));
    progress.clear();
    const auto opened = open_vm(*sandbox_, options);
    ASSERT_TRUE(opened);
    EXPECT_EQ(progress, "") << "it is proven";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(cache.path())) {
        if (entry.path().extension() == ".state") {
            std::filesystem::resize_file(entry.path(), std::filesystem::file_size(entry.path()) / 2);
        }
    }
    const auto outcome = (*opened)->run(*sandbox_, request(Scope::machine, {contestant({hog()})}));
    ASSERT_TRUE(outcome) << outcome.error().what;
    EXPECT_TRUE(outcome->contestants[0].oom_killed);
    EXPECT_THAT(progress, HasSubstr("building the VM arena's snapshot"));
}

TEST_F(VmArenaTest, BootsWithoutASnapshotToo) {
    VmOptions options;
    options.always_boot = true;
    const auto opened = open_vm(*sandbox_, options);
    ASSERT_TRUE(opened) << opened.error().what << " " << opened.error().fix;
}

}  // namespace
}  // namespace vmlab::arena
