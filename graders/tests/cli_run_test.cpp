// vmlab run: a program in an arena, live.

#include "cli_fixture.hpp"

#include <fmt/format.h>
#include <csignal>
#include <iostream>
#include <regex>

namespace vmlab::cli_tests {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class RunTest : public CliTest {
  protected:
    void SetUp() override {
        CliTest::SetUp();
        work_on_a_copy();
        solve_in_copy("03-oom");
    }

    /// Whether this machine has an arena; what a test without one says is for scripts/test to collect.
    static bool skip(const Ended& ended) {
        if (ended.status.code == 3) {
            std::cout << "cannot judge on this machine: vmlab run: " << ended.err << '\n';
        }
        return ended.status.code == 3;
    }
};

TEST_F(RunTest, SaysThatTheKernelKilledTheProgram) {
    const Ended ended = vmlab({"run", "3", "--memory", "32", "--", "--pause", "0"});
    if (skip(ended)) {
        GTEST_SKIP();
    }
    EXPECT_EQ(ended.status.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("oom in an arena of 32 MiB"));
    EXPECT_TRUE(std::regex_search(ended.out, std::regex("\n0x[0-9a-f]+ 1048576\n"))) << ended.out;
    EXPECT_THAT(ended.out, HasSubstr("Killed by the kernel's OOM killer"));
    EXPECT_THAT(ended.out, HasSubstr("exit status 137"));
    EXPECT_THAT(ended.out, HasSubstr("\nMost ")) << "how much memory it had";
    EXPECT_THAT(ended.out, Not(HasSubstr("\x1b")));
}

TEST_F(RunTest, SaysHowAProgramEndedByItself) {
    const Ended ended = vmlab({"run", "3", "--memory", "32", "--", "--pause", "0", "--limit", "4194304"});
    if (skip(ended)) {
        GTEST_SKIP();
    }
    EXPECT_EQ(ended.status.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("reached 4194304 bytes"));
    EXPECT_THAT(ended.out, HasSubstr("exit status 0."));

    const Ended usage = vmlab({"run", "3", "--memory", "32", "--", "--nonsense"});
    EXPECT_EQ(usage.status.code, 0) << "vmlab did its work";
    EXPECT_THAT(usage.out, HasSubstr("stderr: oom"));
    EXPECT_THAT(usage.out, HasSubstr("exit status 2."));
}

TEST_F(RunTest, ControlCStopsTheProgramAndSaysWhatWasSeen) {
    Running running(command({"run", "3"}, Output::terminal));
    if (!running.wait_for("RSS", 60s)) {
        const Ended ended = finish(running);
        if (skip(ended)) {
            GTEST_SKIP();
        }
        FAIL() << ended.out;
    }
    running.type("\x03");
    const Ended ended = finish(running);
    EXPECT_EQ(ended.status.code, 0) << ended.out;
    EXPECT_THAT(ended.out, HasSubstr("Stopped after "));
    EXPECT_THAT(ended.out, HasSubstr("Most resident: "));
    EXPECT_THAT(ended.out, HasSubstr("▁")) << "the sparkline";
}

TEST_F(RunTest, StopsAfterTheTimeGivenAndOnSigterm) {
    const Ended timed = vmlab({"run", "3", "--seconds", "1"});
    if (skip(timed)) {
        GTEST_SKIP();
    }
    EXPECT_EQ(timed.status.code, 0) << timed.err;
    EXPECT_THAT(timed.out, HasSubstr("Stopped after 1 s (--seconds)."));
    EXPECT_THAT(timed.out, HasSubstr("RSS")) << "in a log: one line a second";

    Running running(command({"run", "3"}));
    EXPECT_TRUE(running.wait_for("RSS", 60s));
    running.send(SIGTERM);
    const Ended ended = finish(running);
    EXPECT_EQ(ended.status.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("Stopped after "));
}

TEST_F(RunTest, DoesNotCrashWhenStdoutTakesNothing) {
    for (const Output output : {Output::full_device, Output::closed, Output::gone_reader}) {
        const Ended ended = vmlab({"run", "3", "--memory", "32", "--", "--pause", "0"}, output);
        if (skip(ended)) {
            GTEST_SKIP();
        }
        EXPECT_EQ(ended.status.code, 2) << ended.status.describe();
        EXPECT_THAT(ended.err, HasSubstr("write to standard output"));
    }
}

TEST_F(RunTest, AWholeMachineRunsOutOfMemoryAndTheKernelsReasonsAreExplained) {
    const Ended ended = vmlab({"run", "3", "--arena", "vm", "--", "--pause", "0"});
    if (skip(ended)) {
        GTEST_SKIP();
    }
    EXPECT_EQ(ended.status.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("oom in a whole machine of 128 MiB (vm)"));
    EXPECT_TRUE(std::regex_search(ended.out, std::regex("\n0x[0-9a-f]+ 1048576\n"))) << ended.out;
    EXPECT_TRUE(
        std::regex_search(ended.out, std::regex("\nkernel \\| \\[.*\\] Out of memory: Killed process ")))
        << ended.out;
    EXPECT_THAT(ended.out, HasSubstr("the machine's memory was used up"));
    EXPECT_THAT(ended.out, HasSubstr("your program, was killed: its badness of "));
    EXPECT_THAT(ended.out, HasSubstr(" is never chosen: its oom_score_adj is -1000"));
    EXPECT_THAT(ended.out, HasSubstr("\noom_reaper: the dying program was held"));
    EXPECT_THAT(ended.out, HasSubstr("/var/log/syslog:\n"));
    EXPECT_TRUE(std::regex_search(ended.out, std::regex("\n  .* kernel: .*Killed process "))) << ended.out;
}

TEST_F(RunTest, AWholeMachineShowsCompetitorsAndSysRqF) {
    solve_in_copy("04-oom-score-adj");
    const Ended beside =
        vmlab({"run", "4", "--beside", "500", "--", "--chunk-mb", "8", "--pause", "0", "--limit-mb", "512"});
    if (skip(beside)) {
        GTEST_SKIP();
    }
    EXPECT_EQ(beside.status.code, 0) << beside.err;
    EXPECT_THAT(beside.out, HasSubstr("\n2 | "));
    EXPECT_THAT(beside.out, HasSubstr("2, beside it at +500 (pid "));
    EXPECT_TRUE(std::regex_search(
        beside.out, std::regex("oom_score \\([0-9]+\\), your program, was killed: [^]*oom_score_adj \\+500")))
        << beside.out;

    const Ended pressed = vmlab({"run", "4", "--arena", "vm", "--sysrq-f-after", "3", "--", "--chunk-mb", "2",
                                 "--pause", "1", "--limit-mb", "64"});
    EXPECT_EQ(pressed.status.code, 0) << pressed.err;
    EXPECT_THAT(pressed.out, HasSubstr("sysrq: Manual OOM execution"));
    EXPECT_THAT(pressed.out, HasSubstr("SysRq f was pressed"));
    EXPECT_THAT(pressed.out, HasSubstr("SysRq f told it to choose a process"));

    expect_refusal(vmlab({"run", "4", "--arena", "cgroup1", "--beside", "1"}), "need a whole machine",
                   "use --arena vm");
}

TEST_F(RunTest, ControlCEndsAWholeMachine) {
    Running running(command({"run", "3", "--arena", "vm"}, Output::terminal));
    if (!running.wait_for("RSS", 120s)) {
        const Ended ended = finish(running);
        if (skip(ended)) {
            GTEST_SKIP();
        }
        FAIL() << ended.out;
    }
    const auto typed = std::chrono::steady_clock::now();
    running.type("\x03");
    const Ended ended = finish(running);
    EXPECT_LT(std::chrono::steady_clock::now() - typed, 20s);
    EXPECT_EQ(ended.status.code, 0) << ended.out;
    EXPECT_THAT(ended.out, HasSubstr("Stopped after "));
}

TEST_F(RunTest, ShowsWhyAProgramCannotBeRun) {
    const fs::path file = copy() / "activities/03-oom/oom.cpp";
    write(file, "int main() { return zero; }\n");
    const Ended broken = vmlab({"run", "3"});
    EXPECT_EQ(broken.status.code, 2);
    EXPECT_THAT(broken.err, HasSubstr("oom.cpp does not compile"));
    EXPECT_THAT(broken.err, HasSubstr("was not declared in this scope"));
    EXPECT_THAT(broken.err, HasSubstr("g++ -std=c++20 -g -O0 -Wall -Wextra oom.cpp -o oom -lfmt"));
    fs::remove(file);
    expect_refusal(vmlab({"run", "3"}), "oom.cpp: missing", "scripts/lab reset 3 oom.cpp");
}

}  // namespace
}  // namespace vmlab::cli_tests
