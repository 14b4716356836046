#include "vmlab/evidence/syscalls.hpp"

#include <gmock/gmock.h>

#include "evidence/evidence_testing.hpp"
#include "evidence/syscalls/strace_row.hpp"

namespace vmlab::evidence {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

SystemCall only_system_call(const std::string& row) {
    const SyscallLog log = parse_strace(row + "\n");
    EXPECT_THAT(log.calls, SizeIs(1)) << row;
    return log.calls.empty() ? SystemCall{} : log.calls.front();
}

TEST(StraceRow, IsSplitIntoItsParts) {
    const SystemCall call = only_system_call(R"(write(1<pipe:[5]>, "a, (\"b\") \\ \n\0\0012\377", 14) = 14)");
    EXPECT_EQ(call.name, "write");
    EXPECT_THAT(call.arguments, ElementsAre("1<pipe:[5]>", HasSubstr("\"a, ("), "14"));
    EXPECT_EQ(call.data, std::string("a, (\"b\") \\ \n\0\1"
                                     "2\377",
                                     16));
    EXPECT_EQ(call.path, "pipe:[5]");
    EXPECT_EQ(call.result, 14);
    EXPECT_FALSE(call.failed());
}

TEST(StraceRow, KeepsHostilePathsWhole) {
    const SystemCall call = only_system_call(R"(read(3</tmp/a(b,"c\76\n]>(deleted), "x", 10) = 1)");
    EXPECT_EQ(call.path, "/tmp/a(b,\"c>\n]");
    EXPECT_EQ(call.data, "x");
    EXPECT_THAT(only_system_call(
                    "mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|21<<MAP_HUGE_SHIFT, -1, 0) = 0x7ff03bf29000")
                    .arguments,
                SizeIs(6));
}

TEST(StraceRow, ReadsResults) {
    EXPECT_EQ(only_system_call("brk(NULL) = 0x5618a0e62000").result, 0x5618a0e62000);
    EXPECT_EQ(only_system_call("getpid()                                = 19515").result, 19515);
    const SystemCall refused =
        only_system_call(R"(write(5</proc/7/oom_score_adj>, "-5\n", 3) = -1 EACCES (Permission denied))");
    EXPECT_EQ(refused.error, "EACCES");
    EXPECT_EQ(refused.result, -1);
    EXPECT_EQ(refused.data, "-5\n");
    EXPECT_FALSE(only_system_call("exit_group(3) = ?").result);
    EXPECT_EQ(only_system_call(
                  "nanosleep({tv_sec=1, tv_nsec=0}, NULL) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)")
                  .error,
              "ERESTART_RESTARTBLOCK");
    EXPECT_TRUE(only_system_call("nanosleep({tv_sec=1, tv_nsec=0}, NULL) = 0 (INJECTED)").injected);
}

TEST(StraceRow, TellsWhatWasOpened) {
    const SystemCall call = only_system_call(
        R"(openat(AT_FDCWD</home/student>, "/proc/self/oom_score", O_RDONLY) = 3</proc/7/oom_score>)");
    EXPECT_EQ(call.data, "/proc/self/oom_score");
    EXPECT_EQ(call.path, "/proc/7/oom_score");
    EXPECT_EQ(
        only_system_call(R"(openat(AT_FDCWD, "x", O_RDONLY) = -1 ENOENT (No such file or directory))").path,
        "x");
}

TEST(StraceLog, JoinsTheHalvesOfInterruptedRows) {
    const SyscallLog log = parse_strace(
        "[pid    8] 5.000001 write(1<pipe:[5]>, \"a\\n\", 2 <unfinished ...>\n"
        "[pid    7] 5.000002 nanosleep({tv_sec=2, tv_nsec=0},  <unfinished ...>\n"
        "[pid    8] 5.000003 <... write resumed>) = 2\n"
        "[pid    7] 5.000004 <... nanosleep resumed>0x7ff) = 0 (INJECTED)\n"
        "[pid    8] 5.000005 <... read resumed>\"lost\", 4) = 4\n");
    ASSERT_THAT(log.calls, SizeIs(2));
    EXPECT_EQ(log.calls[0].data, "a\n");
    EXPECT_EQ(log.calls[0].pid, 8);
    EXPECT_EQ(log.calls[1].pid, 7);
    EXPECT_EQ(log.slept(), seconds(2));
    EXPECT_FALSE(log.complete);
}

TEST(StraceLog, LeavesOutWhatComesBeforeTheProgram) {
    const std::string text =
        "execve(\"/opt/launch\", [\"launch\"], 0x1 /* 2 vars */) = 0\nbrk(NULL) = 0x10\n"
        "execve(\"/home/p\", [\"p\"], 0x1 /* 2 vars */) = 0\nbrk(NULL) = 0x20\n";
    ASSERT_THAT(parse_strace(text, "/home/p").calls, SizeIs(1));
    EXPECT_EQ(parse_strace(text, "/home/p").calls[0].result, 0x20);
    EXPECT_THAT(parse_strace(text).calls, SizeIs(3));
    EXPECT_THAT(parse_strace(text, "/home/q").calls, SizeIs(4));
}

TEST(Intrusion, IsAnOpenOfTheMemoryOfAProcessThatIsNotTheProgramsOwn) {
    for (const std::string call : {
             R"(openat(AT_FDCWD</tmp>, "/proc/1/mem", O_RDWR) = -1 EACCES (Permission denied))",
             R"(openat(AT_FDCWD</tmp>, "/proc/self/../1/mem", O_RDWR) = -1 EACCES (Permission denied))",
             R"(openat(AT_FDCWD</proc>, "1/task/1/mem", O_RDWR) = -1 EACCES (Permission denied))",
             R"(openat(3</proc/1>, "mem", O_RDWR) = -1 EACCES (Permission denied))",
             R"(openat(AT_FDCWD</tmp>, "link", O_RDWR) = 4</proc/1/mem>)",
             R"(open("/proc/1/fd/3", O_WRONLY) = -1 ENXIO (No such device or address))",
         }) {
        const auto found = parse_strace("[pid 7] 5.000001 " + call + "\n").intrusion();
        ASSERT_TRUE(found) << call;
        EXPECT_EQ(found->row, call);
    }
}

TEST(Intrusion, IsNoLookAtOneself) {
    EXPECT_FALSE(
        parse_strace(
            "[pid 7] 5.000001 openat(AT_FDCWD</tmp>, \"/proc/self/mem\", O_RDWR) = 3</proc/7/mem>\n"
            "[pid 7] 5.000002 openat(AT_FDCWD</tmp>, \"/proc/7/mem\", O_RDWR) = -1 EACCES (Permission "
            "denied)\n"
            "[pid 7] 5.000003 clone(child_stack=NULL, flags=SIGCHLD) = 8\n"
            "[pid 7] 5.000004 openat(AT_FDCWD</tmp>, \"/proc/8/mem\", O_RDWR) = 3</proc/8/mem>\n"
            "[pid 8] 5.000005 openat(AT_FDCWD</tmp>, \"/proc/7/fd/1\", O_RDWR) = 3<pipe:[5]>\n"
            "[pid 7] 5.000006 openat(AT_FDCWD</tmp>, \"/proc/1/status\", O_RDONLY) = 3</proc/1/status>\n"
            "[pid 7] 5.000007 openat(AT_FDCWD</tmp>, \"/proc/1/memory\", O_RDONLY) = -1 ENOENT (No such "
            "file)\n"
            "[pid 7] 5.000008 openat(AT_FDCWD</tmp>, \"/sys/1/mem\", O_RDONLY) = -1 ENOENT (No such file)\n"
            "[pid 7] 5.000009 write(1<pipe:[5]>, \"/proc/1/mem\", 11) = 11\n")
            .intrusion());
}

TEST(PacedLines, AreJoinedFromAnyPieces) {
    const SyscallLog log = parse_strace(recorded("paced.strace"), "/home/student/paced");
    EXPECT_TRUE(log.complete);
    std::vector<std::pair<std::string, nanoseconds>> lines;
    for (const PacedLine& line : log.paced_lines()) {
        lines.emplace_back(line.text.substr(0, line.text.find_first_of(":x")), line.slept_before);
    }
    ASSERT_THAT(lines, SizeIs(9));
    EXPECT_EQ(lines[2], std::pair(std::string("0"), nanoseconds(0)));
    EXPECT_EQ(lines[3], std::pair(std::string("0"), nanoseconds(seconds(2))));
    EXPECT_EQ(lines[4], std::pair(std::string("partial"), nanoseconds(seconds(3))));
    EXPECT_EQ(lines[5], std::pair(std::string("ne"), nanoseconds(0)));
    EXPECT_EQ(lines[6].first, "third");
    EXPECT_EQ(lines[7].first, "vector");
    EXPECT_EQ(lines[8].first, "last");
    EXPECT_EQ(log.slept_after_last_line(), seconds(0));
    EXPECT_EQ(log.calls[log.paced_lines()[7].call].name, "writev");
}

TEST(PacedLines, CountTheSleepOfTheThreadThatWrites) {
    const SyscallLog log = parse_strace(recorded("threads.strace"), "/home/student/thr");
    EXPECT_TRUE(log.complete);
    const auto lines = log.paced_lines();
    ASSERT_THAT(lines, SizeIs(9));
    EXPECT_EQ(lines[1].text, "b");
    EXPECT_EQ(lines[1].slept_before, seconds(2));
    EXPECT_EQ(lines[2].slept_before, seconds(3));
    EXPECT_EQ(lines[3].text, "child");
    EXPECT_EQ(lines[4].slept_before, seconds(5));
    EXPECT_EQ(lines[7].slept_before, seconds(2));  // until a moment of CLOCK_MONOTONIC
}

// The first row of a thread may come while the call that makes it is under way: strace has not marked the
// first process's rows before.
TEST(PacedLines, AreTheFirstProcessesWhoseRowsCarriedNoPidAtFirst) {
    const SyscallLog log = parse_strace(
        "1.000001 execve(\"/p\", [\"/p\"], 0x7f) = 0\n"
        "1.000002 clone3({flags=CLONE_THREAD}, 88 <unfinished ...>\n"
        "[pid     8] 1.000003 write(1<pipe:[5]>, \"a\\n\", 2 <unfinished ...>\n"
        "[pid     7] 1.000004 <... clone3 resumed> => {parent_tid=[8]}, 88) = 8\n"
        "[pid     8] 1.000005 <... write resumed>) = 2\n"
        "[pid     8] 1.000006 exit(0) = ?\n"
        "[pid     8] 1.000007 +++ exited with 0 +++\n"
        "1.000008 clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=2, tv_nsec=0}, 0x7f) = 0 (INJECTED)\n"
        "1.000009 clone3({flags=CLONE_THREAD}, 88) = 9\n"
        "[pid     9] 1.000010 write(1<pipe:[5]>, \"b\\n\", 2) = 2\n"
        "[pid     9] 1.000011 exit(0) = ?\n"
        "[pid     9] 1.000012 +++ exited with 0 +++\n"
        "1.000013 +++ exited with 0 +++\n",
        "/p");
    EXPECT_TRUE(log.complete);
    ASSERT_FALSE(log.calls.empty());
    EXPECT_EQ(log.calls.front().pid, 7);
    const auto lines = log.paced_lines();
    ASSERT_THAT(lines, SizeIs(2));
    EXPECT_EQ(lines[1].slept_before, seconds(2));
}

TEST(PacedLines, AreThoseOfTheFirstStandardOutput) {
    const SyscallLog log = parse_strace(
        "dup2(1<pipe:[5]>, 7) = 7<pipe:[5]>\n"
        "dup2(3</tmp/x>, 1<pipe:[5]>) = 1</tmp/x>\n"
        "write(1</tmp/x>, \"hidden\\n\", 7) = 7\n"
        "write(2<pipe:[6]>, \"error\\n\", 6) = 6\n"
        "write(7<pipe:[5]>, \"half\\nrest\", 9) = 5\n"
        "write(7<pipe:[5]>, \"failed\\n\", 7) = -1 EAGAIN (Resource)\n"
        "nanosleep({tv_sec=1, tv_nsec=0}, NULL) = 0\n");
    const auto lines = log.paced_lines();
    ASSERT_THAT(lines, SizeIs(1));
    EXPECT_EQ(lines[0].text, "half");
    EXPECT_EQ(log.slept_after_last_line(), seconds(1));
    EXPECT_THAT(parse_strace("").paced_lines(), IsEmpty());
}

TEST(StraceLog, SurvivesAnyCut) {
    for (const char* name : {"paced.strace", "threads.strace"}) {
        const std::string text = recorded(name);
        const std::size_t whole = parse_strace(text).calls.size();
        for (std::size_t length = 0; length < text.size(); length += 3) {
            const SyscallLog log = parse_strace(text.substr(0, length));
            EXPECT_LE(log.calls.size(), whole + 8);  // without its execve nothing is left out
            (void)log.paced_lines();
        }
    }
}

TEST(StraceLog, SurvivesHostileText) {
    for (const std::string& text :
         {std::string("write(\n"), std::string("write(1, \"\\"), std::string("(((((((((\n"),
          std::string("<... x resumed>\n"), std::string("[pid 99999999999999] x() = 0\n"),
          std::string("write(1<, \"x\\n\", 2) = 2\n"),
          std::string("read(0, \"\\400\\x\", 3) = 99999999999999999999\n"), std::string("\0\xff\n", 3),
          std::string("+++ exited with\n"),
          std::string("write(1<a>, \"x\\n\", 2) = 9223372036854775807\n")}) {
        const SyscallLog log = parse_strace(text);
        (void)log.paced_lines();
        EXPECT_LE(log.calls.size(), 1U);
    }
}

class RunSyscalls : public LiveTest {};

TEST_F(RunSyscalls, RecordsAProgramWithItsSleepsSkipped) {
    SyscallOptions options;
    options.arguments = {"an argument"};
    options.environment["GREETING"] = "hello";
    const auto made = run_syscalls(sandbox(), build(R"source(
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <unistd.h>
                                       int main(int, char** words) {
                                           setvbuf(stdout, nullptr, _IOLBF, 0);
                                           printf("%s %s\n", words[1], getenv("GREETING"));
                                           for (int i = 0; i < 50; ++i) {
                                               sleep(1000);
                                               puts("line");
                                           }
                                           std::string score;
                                           std::ifstream("/proc/self/oom_score") >> score;
                                           puts(score.c_str());
                                           fputs("to stderr\n", stderr);
                                           free(malloc(1 << 20));
                                           return getpid() > 0 ? 4 : 5;
                                       })source"),
                                   options);
    if (lacks(made)) {
        GTEST_SKIP() << made.error().what;
    }
    EXPECT_TRUE(made->complete);
    EXPECT_TRUE(made->run.status.exited_with(4)) << made->run.describe();
    EXPECT_EQ(made->run.err, "to stderr\n");
    const auto lines = made->paced_lines();
    ASSERT_THAT(lines, SizeIs(52));
    EXPECT_EQ(lines[0].text, "an argument hello");
    for (int i = 1; i <= 50; ++i) {
        EXPECT_EQ(lines[static_cast<std::size_t>(i)].slept_before, seconds(1000));
    }
    EXPECT_EQ(made->slept(), seconds(50'000));
    bool read_score = false;
    for (const SystemCall& call : made->named("read")) {
        if (call.path.ends_with("/oom_score")) {
            read_score = true;
            EXPECT_EQ(call.data, lines[51].text + "\n");
        }
    }
    EXPECT_TRUE(read_score);
    EXPECT_EQ(made->first_pid, made->run.inner_pid);
    EXPECT_EQ(made->calls.back().pid, made->run.inner_pid);
    EXPECT_THAT(made->named("getpid"), IsEmpty()) << "each would be a stop";
    EXPECT_THAT(made->named("execve"), IsEmpty());
    EXPECT_FALSE(made->named("munmap").empty());
}

TEST_F(RunSyscalls, TalksWithAProgram) {
    SyscallOptions options;
    int pauses = 0;
    options.on_pause = [&](const process::Pause& pause) -> std::optional<std::string> {
        EXPECT_EQ(pause.printed, pauses == 0 ? "" : "line\n");
        return ++pauses <= 3 ? std::optional<std::string>("line\n") : std::nullopt;
    };
    const auto made = run_syscalls(sandbox(), "/usr/bin/cat", options);
    if (lacks(made)) {
        GTEST_SKIP() << made.error().what;
    }
    EXPECT_EQ(pauses, 4);
    EXPECT_EQ(made->run.out, "line\nline\nline\n");
    EXPECT_TRUE(made->run.succeeded()) << made->run.describe();
}

TEST_F(RunSyscalls, TellsHowAProgramDied) {
    const auto made = run_syscalls(sandbox(), build("#include <signal.h>\nint main() { raise(SIGKILL); }"));
    if (lacks(made)) {
        GTEST_SKIP() << made.error().what;
    }
    EXPECT_TRUE(made->run.status.killed_by(SIGKILL)) << made->run.describe();
    EXPECT_TRUE(made->complete);
}

TEST_F(RunSyscalls, IsIncompleteWhenStopped) {
    SyscallOptions options;
    options.limits.wall = seconds(3);
    const auto made =
        run_syscalls(sandbox(), build("#include <unistd.h>\nint main() { for (;;) pause(); }"), options);
    if (lacks(made)) {
        GTEST_SKIP() << made.error().what;
    }
    EXPECT_EQ(made->run.ending, process::Ending::timed_out);
    EXPECT_FALSE(made->complete);
}

TEST_F(RunSyscalls, CountsALoopAroundAClockOnce) {
    const auto made = run_syscalls(sandbox(), build(R"source(
#include <chrono>
#include <thread>
#include <unistd.h>
                                       int main() {
                                           (void)!write(1, "a\n", 2);
                                           std::this_thread::sleep_until(std::chrono::system_clock::now() + std::chrono::milliseconds(400));
                                           (void)!write(1, "b\n", 2);
                                       })source"));
    if (lacks(made)) {
        GTEST_SKIP() << made.error().what;
    }
    ASSERT_THAT(made->paced_lines(), SizeIs(2));
    EXPECT_LE(made->slept(), milliseconds(400));
    EXPECT_GT(made->slept(), milliseconds(0));
}

}  // namespace
}  // namespace vmlab::evidence
