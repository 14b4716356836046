#include "arena/verdict.hpp"

#include <gtest/gtest.h>
#include <signal.h>

namespace vmlab::arena {
namespace {

using evidence::OomKill;
using process::Ending;

ContestantResult killed(pid_t pid, std::uint64_t oom_kills, int died_as = 0) {
    ContestantResult result;
    result.run.pid = pid;
    result.run.status.signal = SIGKILL;
    result.oom_kills = oom_kills;
    result.died_as = died_as;
    return result;
}

ContestantResult exited(pid_t pid, int code, std::uint64_t oom_kills) {
    ContestantResult result;
    result.run.pid = pid;
    result.run.status.code = code;
    result.oom_kills = oom_kills;
    result.died_as = 0;
    return result;
}

OomKill kill_of(pid_t pid) {
    OomKill kill;
    kill.pid = pid;
    kill.scope = evidence::OomScope::cgroup;
    return kill;
}

std::vector<ContestantResult> judged(std::vector<ContestantResult> contestants,
                                     const std::vector<OomKill>& log, bool log_is_trusted) {
    judge(contestants, log, log_is_trusted);
    return contestants;
}

TEST(Judge, CounterAndLogAgree) {
    const auto results = judged({killed(10, 1)}, {kill_of(10)}, true);
    EXPECT_TRUE(results[0].oom_killed);
    ASSERT_TRUE(results[0].log_record);
    EXPECT_EQ(results[0].log_record->pid, 10);
}

TEST(Judge, CounterIsEnoughWithoutALog) {
    EXPECT_TRUE(judged({killed(10, 1)}, {}, false)[0].oom_killed);
}

TEST(Judge, MissingRecordIsAMissingWitness) {
    EXPECT_TRUE(judged({killed(10, 1)}, {}, true)[0].oom_killed);
}

TEST(Judge, ProgramThatKillsItselfWasNotOomKilled) {
    EXPECT_FALSE(judged({killed(10, 0)}, {}, true)[0].oom_killed);
}

TEST(Judge, LogAloneIsNotEnough) {
    const auto results = judged({killed(10, 0)}, {kill_of(10)}, true);
    EXPECT_FALSE(results[0].oom_killed) << "the record is of another process with the same number";
    EXPECT_FALSE(results[0].log_record);
}

TEST(Judge, ProgramWhoseChildWasKilledWasNot) {
    EXPECT_FALSE(judged({exited(10, 0, 1)}, {kill_of(11)}, true)[0].oom_killed);
    EXPECT_FALSE(judged({exited(10, 137, 1)}, {kill_of(11)}, true)[0].oom_killed);
}

TEST(Judge, ProgramThatKillsItselfAfterItsChildWasKilledWasNot) {
    EXPECT_FALSE(judged({killed(10, 1)}, {kill_of(11)}, true)[0].oom_killed);
}

TEST(Judge, ProgramKilledAfterItsChildWas) {
    EXPECT_TRUE(judged({killed(10, 2)}, {kill_of(11), kill_of(10)}, true)[0].oom_killed);
}

TEST(Judge, LogThatCountsInAnotherNamespaceIsNotTurnedAgainstTheProgram) {
    EXPECT_TRUE(judged({killed(10, 1)}, {kill_of(4711)}, false)[0].oom_killed);
}

TEST(Judge, OtherSignalsAreNoOomKill) {
    auto crashed = killed(10, 1);
    crashed.run.status.signal = SIGSEGV;
    EXPECT_FALSE(judged({crashed}, {kill_of(10)}, true)[0].oom_killed);
}

TEST(Judge, OurOwnKillsAreNoOomKill) {
    for (const auto ending : {Ending::timed_out, Ending::output_limit, Ending::lost}) {
        auto ended_by_us = killed(10, 1);
        ended_by_us.run.ending = ending;
        EXPECT_FALSE(judged({ended_by_us}, {kill_of(10)}, true)[0].oom_killed);
    }
}

ContestantResult stopped(pid_t pid, std::uint64_t oom_kills) {
    ContestantResult result = killed(pid, oom_kills);
    result.run.ending = Ending::stopped;
    result.run.status = {};
    return result;
}

TEST(Judge, StopThatCameAfterTheKillDoesNotHideIt) {
    const auto result = judged({stopped(10, 1)}, {kill_of(10)}, true)[0];
    EXPECT_TRUE(result.oom_killed);
    EXPECT_EQ(result.run.ending, Ending::finished);
    EXPECT_TRUE(result.run.status.killed_by(SIGKILL));
}

TEST(Judge, StopIsNoOomKill) {
    EXPECT_FALSE(judged({stopped(10, 0)}, {kill_of(10)}, true)[0].oom_killed);
    EXPECT_FALSE(judged({stopped(10, 1)}, {kill_of(11)}, true)[0].oom_killed);
    EXPECT_FALSE(judged({stopped(10, 1)}, {}, true)[0].oom_killed);
    const auto result = judged({stopped(10, 1)}, {kill_of(10)}, false)[0];
    EXPECT_FALSE(result.oom_killed) << "the number may be another process's";
    EXPECT_EQ(result.run.ending, Ending::stopped);
}

TEST(Judge, ProgramThatKillsItselfDoesNotPassForAnother) {
    for (const bool log_is_trusted : {true, false}) {
        const auto results = judged({killed(10, 1, 0), killed(11, 0, 1)}, {kill_of(10)}, log_is_trusted);
        EXPECT_TRUE(results[0].oom_killed);
        EXPECT_FALSE(results[1].oom_killed);
    }
}

TEST(Judge, OrderOfOomKillsIsTheLogs) {
    const auto results =
        judged({killed(10, 1, 0), exited(11, 0, 0), killed(12, 1, 2)}, {kill_of(12), kill_of(10)}, true);
    EXPECT_EQ(results[0].died_as, 2);
    EXPECT_EQ(results[2].died_as, 0);
}

TEST(Judge, OrderStaysWithoutRecords) {
    const auto results = judged({killed(10, 1, 1), killed(11, 1, 0)}, {}, true);
    EXPECT_EQ(results[0].died_as, 1);
    EXPECT_EQ(results[1].died_as, 0);
}

}  // namespace
}  // namespace vmlab::arena
