#include "vmlab/process/sandbox.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stop_token>
#include <thread>

#include "inside/landlock.hpp"
#include "process/sandbox/run_user.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::process {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// Every test runs on each tier that works on this machine.
class SandboxTest : public ::testing::TestWithParam<TierChoice> {
  protected:
    void SetUp() override {
        auto folder = TemporaryFolder::create();
        ASSERT_TRUE(folder) << folder.error().what;
        folder_.emplace(std::move(*folder));
        auto opened = Sandbox::open(GetParam(), VMLAB_SUPPORT_DIR, folder_->path());
        if (!opened) {
            ASSERT_EQ(opened.error().kind, ErrorKind::machine_lacks) << opened.error().what;
            GTEST_SKIP() << opened.error().what;
        }
        sandbox_.emplace(std::move(*opened));
    }

    process::Run shell(const std::string& script, Job job = {}) {
        job.argv = {"/bin/bash", "-c", script};
        auto run = sandbox_->run(job);
        EXPECT_TRUE(run) << run.error().what;
        return run ? *run : process::Run{};
    }

    [[nodiscard]] bool has_own_user() const {
        return sandbox_->tier() != Tier::none && RunUser::is_possible();
    }

    std::optional<TemporaryFolder> folder_;
    std::optional<Sandbox> sandbox_;
};

INSTANTIATE_TEST_SUITE_P(Tiers, SandboxTest,
                         ::testing::Values(TierChoice::namespaces, TierChoice::separate_user,
                                           TierChoice::none),
                         [](const auto& tier) {
                             switch (tier.param) {
                                 case TierChoice::namespaces:
                                     return "Namespaces";
                                 case TierChoice::separate_user:
                                     return "SeparateUser";
                                 default:
                                     return "None";
                             }
                         });

TEST_P(SandboxTest, CollectsOutputAndExitStatus) {
    const auto run = shell("echo out; echo err >&2; exit 3");
    EXPECT_EQ(run.ending, Ending::finished);
    EXPECT_TRUE(run.status.exited_with(3));
    EXPECT_EQ(run.out, "out\n");
    EXPECT_EQ(run.err, "err\n");
}

TEST_P(SandboxTest, TellsASignalFromAnExitStatus) {
    EXPECT_TRUE(shell("kill -KILL $$").status.killed_by(SIGKILL));
    EXPECT_TRUE(shell("exit 137").status.exited_with(137));
}

TEST_P(SandboxTest, KnowsTheProgramsPidOnThisMachine) {
    Job job;
    pid_t seen = 0;
    std::string name;
    job.on_started = [&](pid_t pid) {
        seen = pid;
        name = fmt::format("/proc/{}", pid);
    };
    const auto run = shell("echo $$", job);
    EXPECT_GT(seen, 1);
    EXPECT_EQ(run.pid, seen);
    EXPECT_EQ(run.out, fmt::format("{}\n", run.inner_pid));
    EXPECT_FALSE(std::filesystem::exists(name)) << "the program outlived its run";
}

TEST_P(SandboxTest, GivesInputAndEnvironmentAndNothingElse) {
    ::setenv("VMLAB_SECRET_OF_THE_GRADER", "1", 1);
    Job job;
    job.input = "typed\n";
    job.environment = {{"GIVEN", "yes"}};
    const auto run = shell("read line; echo $line $GIVEN $LC_ALL; env", job);
    EXPECT_THAT(run.out, HasSubstr("typed yes C\n"));
    EXPECT_THAT(run.out, Not(HasSubstr("VMLAB_SECRET_OF_THE_GRADER")));
    EXPECT_EQ(shell("wc -c").out, "0\n");
}

TEST_P(SandboxTest, TalksWithAProgramThatWaitsForInput) {
    Job job;
    std::vector<std::string> printed;
    std::vector<std::string> states;
    job.on_pause = [&](const Pause& pause) -> std::optional<std::string> {
        printed.emplace_back(pause.printed);
        std::ifstream stat(fmt::format("/proc/{}/stat", pause.pid));
        std::string number;
        std::string name;
        std::string state;
        stat >> number >> name >> state;
        states.push_back(name + state);
        return printed.size() < 3 ? std::optional<std::string>("go\n") : std::nullopt;
    };
    const auto run =
        shell("echo one; read line; echo $line; sleep 0.1; read line; echo two; read line || echo end", job);
    EXPECT_TRUE(run.succeeded()) << run.describe() << run.err;
    EXPECT_THAT(printed, ElementsAre("one\n", "go\n", "two\n"));
    EXPECT_THAT(states, Each("(bash)S")) << "blocked, and nobody else";
    EXPECT_EQ(run.out, "one\ngo\ntwo\nend\n");
}

TEST_P(SandboxTest, ADialogueEndsWithTheTimeOfTheRun) {
    Job job;
    job.limits.wall = 300ms;
    int pauses = 0;
    job.on_pause = [&](const Pause&) -> std::optional<std::string> {
        ++pauses;
        return "x";
    };
    EXPECT_EQ(shell("read line; while :; do sleep 1; done", job).ending, Ending::timed_out);
    EXPECT_GE(pauses, 1) << "a line is not complete without its newline: it waits again";
}

TEST_P(SandboxTest, SetsTheSceneForAProgram) {
    Job job;
    job.start.random_addresses = false;
    const std::string where = "sed -n 's/ .*stack.*//p' /proc/self/maps";
    EXPECT_EQ(shell(where, job).out, shell(where, job).out) << "the same addresses each time";
    job = {};
    job.start.huge_pages = false;
    EXPECT_EQ(shell("sed -n 's/^THP_enabled:[^0-9]*//p' /proc/self/status", job).out, "0\n");
    EXPECT_EQ(shell("sed -n 's/^THP_enabled:[^0-9]*//p' /proc/self/status").out, "1\n");
    job = {};
    job.start.oom_score_adj = 123;
    EXPECT_EQ(shell("cat /proc/self/oom_score_adj", job).out, "123\n");
    job = {};
    job.start.called = "another-name";
    EXPECT_EQ(shell("echo $0; tr '\\0' '\\n' </proc/$$/cmdline | head -n 1", job).out,
              "another-name\nanother-name\n");
}

TEST_P(SandboxTest, StopsAProgramThatNeverEnds) {
    Job job;
    job.limits.wall = 300ms;
    const auto run = shell("trap '' TERM INT HUP; while :; do sleep 1; done", job);
    EXPECT_EQ(run.ending, Ending::timed_out);
}

TEST_P(SandboxTest, StopsAProgramThatSaysNothingInTime) {
    Job job;
    job.limits.first_output = 300ms;
    EXPECT_EQ(shell("echo to stderr >&2; sleep 1000", job).ending, Ending::timed_out);
    job.limits.first_output = 5s;
    EXPECT_TRUE(shell("echo ready; sleep 6", job).succeeded()) << "it has spoken in time";
}

TEST_P(SandboxTest, StopsWhenAsked) {
    std::stop_source stop;
    Job job;
    job.stop = stop.get_token();
    job.on_output = [&](std::string_view) { stop.request_stop(); };
    EXPECT_EQ(shell("echo ready; sleep 1000", job).ending, Ending::stopped);
}

TEST_P(SandboxTest, CutsEndlessOutput) {
    Job job;
    job.limits.output_bytes = 10'000;
    const auto run = shell("yes", job);
    EXPECT_EQ(run.ending, Ending::output_limit);
    EXPECT_EQ(run.out.size(), 10'000U);
}

TEST_P(SandboxTest, LeavesNoProcessBehind) {
    const std::string marker = fmt::format("{}.{}", 86'000 + ::getpid() % 1000, ::getpid());
    const auto run = shell(fmt::format(
        "setsid sh -c 'setsid sleep {} & sleep {}' >/dev/null 2>&1 & echo started", marker, marker));
    EXPECT_EQ(run.out, "started\n");
    EXPECT_TRUE(run.succeeded());
    EXPECT_NE(::system(fmt::format("pgrep -f '[s]leep {}' >/dev/null", marker).c_str()), 0);
}

TEST_P(SandboxTest, SurvivesAProgramThatKillsAllItCan) {
    if (sandbox_->tier() == Tier::none) {
        GTEST_SKIP() << "the tier `none` shares the grader's uid: kill(-1) would reach the grader";
    }
    const auto run = shell("kill -KILL -1; sleep 0.1; echo alive");
    EXPECT_NE(run.ending, Ending::timed_out);
}

TEST_P(SandboxTest, RunsInAFreshEmptyWritableFolder) {
    EXPECT_EQ(shell("ls -A | wc -l; echo x > file; cat file").out, "0\nx\n");
    EXPECT_EQ(shell("ls -A | wc -l").out, "0\n");
}

TEST_P(SandboxTest, NeverRunsAsTheGradersUser) {
    if (!has_own_user()) {
        GTEST_SKIP() << "only root has the right to other uids";
    }
    EXPECT_NE(shell("id -u").out, "0\n");
    EXPECT_NE(shell("id -u").out, shell("id -u").out) << "each run has a uid of its own";
    EXPECT_EQ(shell("grep CapEff /proc/self/status").out, "CapEff:\t0000000000000000\n");
}

TEST_P(SandboxTest, HidesTheMachine) {
    if (sandbox_->tier() != Tier::namespaces) {
        GTEST_SKIP() << "only namespaces hide files";
    }
    EXPECT_EQ(shell(fmt::format("ls '{}/README.md' 2>&1 >/dev/null | wc -l", VMLAB_SOURCE_DIR)).out, "1\n");
    EXPECT_EQ(
        shell("ls /usr/include | wc -l; find /home /root -type f ! -path '*/support/*' 2>/dev/null | wc -l")
            .out,
        "0\n0\n");
    EXPECT_EQ(shell("cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d ' '").out, "lo\n");
    EXPECT_EQ(shell("echo x 2>/dev/null > /usr/x || echo refused").out, "refused\n");
    EXPECT_THAT(shell("ps -A -o comm= 2>/dev/null || cat /proc/[0-9]*/comm").out,
                Not(HasSubstr("process_test")));
}

TEST_P(SandboxTest, LetsNoProgramOpenTheMachinesFiles) {
    if (!sandbox_->hides_files()) {
        GTEST_SKIP() << "the tier `none` hides nothing";
    }
    EXPECT_EQ(shell(fmt::format("cat '{}/README.md' 2>/dev/null || echo refused", VMLAB_SOURCE_DIR)).out,
              "refused\n");
    EXPECT_EQ(shell("cat /etc/passwd 2>/dev/null || echo refused; ls /home 2>/dev/null || echo refused").out,
              "refused\nrefused\n");
    EXPECT_EQ(shell("mkdir a b && echo moved > a/file && mv a/file b && cat b/file").out, "moved\n")
        << "within the program's own folder everything goes";
}

TEST_P(SandboxTest, ShowsOfTheSystemWhatIsTheDistributionsAlone) {
    if (!sandbox_->hides_files()) {
        GTEST_SKIP() << "the tier `none` hides nothing";
    }
    Job job;
    job.with_compiler = true;
    // The helpers of ours are shown where they are, and a checkout may lie in any of these.
    for (const char* folder : {"/usr/local", "/usr/src", "/opt", "/srv", "/root", "/home", "/var",
                               "/usr/share/doc", "/usr/include/valgrind"}) {
        const auto run =
            shell(fmt::format("find {} -type f ! -path '*/support/*' 2>/dev/null | wc -l", folder), job);
        EXPECT_EQ(run.out, "0\n") << folder;
    }
    EXPECT_EQ(shell("ls /usr/include 2>/dev/null").out, "") << "headers are the compiler's alone";
}

TEST_P(SandboxTest, GivesAProgramNothingToFillButItsOwnFolders) {
    if (sandbox_->tier() != Tier::namespaces) {
        GTEST_SKIP() << "elsewhere the machine's permissions keep it out";
    }
    Job job;
    job.with_compiler = true;
    EXPECT_EQ(shell("for folder in / /etc /usr /usr/lib /usr/share /usr/include/*/; do "
                    "touch $folder/x 2>/dev/null && echo $folder; done; true",
                    job)
                  .out,
              "");
}

TEST_P(SandboxTest, KeepsAProgramOutOfTheProcessThatWatchesIt) {
    // As below strace: the program's parent has its user.
    Job job;
    job.argv = {
        "/bin/sh",
        "-c",
        "\"$0\" \"$@\"; true",
        "{launch}",
        "/bin/sh",
        "-c",
        "(: <>/proc/$PPID/mem) 2>/dev/null && echo theirs; (: <>/proc/self/mem) && cat /proc/self/maps "
        ">/dev/null && echo own"};
    job.channels = {2};
    job.stderr_as = 901;
    const auto run = sandbox_->run(job);
    ASSERT_TRUE(run) << run.error().what;
    if (inside::landlock_version() == 0) {
        GTEST_SKIP() << "this kernel has no Landlock";
    }
    EXPECT_EQ(run->out, "own\n") << run->err;
}

TEST_P(SandboxTest, ShowsWhatTheJobNames) {
    const std::filesystem::path readable = folder_->path() / "with space";
    std::filesystem::create_directory(readable);
    std::ofstream(readable / "fact") << "known\n";
    Job job;
    job.readable = {readable};
    EXPECT_EQ(shell(fmt::format("cat '{}/fact'; echo x 2>/dev/null > '{}/fact' || echo refused",
                                readable.string(), readable.string()),
                    job)
                  .out,
              sandbox_->tier() == Tier::none ? "known\n" : "known\nrefused\n");
}

TEST_P(SandboxTest, LetsABuildWriteItsFolder) {
    const std::filesystem::path writable = folder_->path() / "out";
    std::filesystem::create_directory(writable);
    Job job;
    job.writable = {writable};
    job.with_compiler = true;
    EXPECT_TRUE(
        shell(fmt::format("echo 'int main(){{}}' > a.cpp && g++ a.cpp -o '{}/a'", writable.string()), job)
            .succeeded());
    EXPECT_TRUE(std::filesystem::exists(writable / "a"));
}

TEST_P(SandboxTest, SetsLimits) {
    Job job;
    job.limits.open_files = 100;
    job.limits.address_space_bytes = 1ULL << 30U;
    job.limits.file_bytes = 1U << 20U;
    EXPECT_EQ(shell("ulimit -n; ulimit -v; ulimit -f; ulimit -c", job).out, "100\n1048576\n1024\n0\n");
}

TEST_P(SandboxTest, RefusesSystemCallsThatReachOut) {
    EXPECT_THAT(shell("grep Seccomp: /proc/self/status; grep NoNewPrivs /proc/self/status").out,
                HasSubstr("Seccomp:\t2\nNoNewPrivs:\t1\n"));
    EXPECT_EQ(shell("unshare -U true 2>/dev/null || echo refused").out, "refused\n");
}

TEST_P(SandboxTest, RefusesNetworks) {
    EXPECT_THAT(shell("exec 3<>/dev/tcp/127.0.0.1/9").err, HasSubstr("Operation not permitted"));
}

TEST_P(SandboxTest, SeesTheSignalOfAProgramThatKillsItsGroup) {
    const auto run = shell("kill -KILL 0");
    EXPECT_EQ(run.ending, Ending::finished);
    EXPECT_TRUE(run.status.killed_by(SIGKILL));
}

TEST_P(SandboxTest, StopsAProgramThatKeepsItsLauncherReaping) {
    Job job;
    job.limits.wall = 300ms;
    const auto run = shell("while :; do (true &) ; done", job);
    EXPECT_EQ(run.ending, Ending::timed_out);
    EXPECT_LT(run.elapsed, 10s) << "the launcher did not hear that it has to end";
}

TEST_P(SandboxTest, KeepsAChannelFromTheProgram) {
    // What an instrument holds above RLIMIT_NOFILE's soft limit minus 12 is Valgrind's; here the plain
    // mechanism: the channel is a socket, which cannot be reopened through /proc.
    Job job;
    job.channels = {1012};
    const auto run = shell(
        "echo report >&1012 2>/dev/null; echo forged 2>/dev/null > /proc/self/fd/1012 || echo refused", job);
    EXPECT_EQ(run.out, "refused\n");
}

TEST_P(SandboxTest, RunsAnInstrumentThatHasTheProgramsErrorsElsewhere) {
    Job job;
    job.channels = {2};
    job.stderr_as = 901;
    job.argv = {"/bin/sh", "-c", "echo instrument >&2; exec \"$@\"", "sh", "{launch}",
                "/bin/sh", "-c", "echo program >&2; exit 4"};
    const auto run = sandbox_->run(job);
    ASSERT_TRUE(run) << run.error().what;
    EXPECT_EQ(run->channels.at(2), "instrument\n");
    EXPECT_EQ(run->err, "program\n");
    EXPECT_TRUE(run->status.exited_with(4));
    EXPECT_GT(run->pid, 0);
}

TEST_P(SandboxTest, SaysWhatCouldNotBeStarted) {
    Job job;
    job.argv = {"/nowhere/program"};
    const auto run = sandbox_->run(job);
    ASSERT_FALSE(run);
    EXPECT_THAT(run.error().what, HasSubstr("/nowhere/program"));
    EXPECT_THAT(run.error().what, HasSubstr("No such file"));
}

TEST_P(SandboxTest, ContainsAForkBomb) {
    if (!has_own_user() && sandbox_->tier() != Tier::namespaces) {
        GTEST_SKIP() << "RLIMIT_NPROC needs a uid or a user namespace of the run's own";
    }
    Job job;
    job.limits.processes = 20;
    job.limits.wall = 1s;
    const auto run = shell("f() { f | f & }; f; sleep 100", job);
    EXPECT_EQ(std::filesystem::exists(fmt::format("/proc/{}", run.pid)), false);
}

TEST_P(SandboxTest, TakesBackWhatARunLeavesInFoldersThatAreOpenToAll) {
    if (sandbox_->tier() == Tier::none) {
        GTEST_SKIP() << "the tier `none` cannot tell its files from the grader's";
    }
    const std::string name = fmt::format("vmlab-test-{}", ::getpid());
    const auto run = shell(fmt::format(
        "for folder in /tmp /var/tmp /dev/shm; do mkdir $folder/{0} && echo x > $folder/{0}/file && "
        "chmod 0 $folder/{0}; done 2>/dev/null; ipcmk -M 4096 -Q -S 2 >/dev/null; id -u",
        name));
    EXPECT_TRUE(run.succeeded());
    for (const char* folder : {"/tmp", "/var/tmp", "/dev/shm"}) {
        EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(folder) / name)) << folder;
    }
    if (has_own_user()) {
        const std::string uid = run.out.substr(0, run.out.find('\n'));
        for (const char* kind : {"shm", "msg", "sem"}) {
            std::ifstream table(fmt::format("/proc/sysvipc/{}", kind));
            const std::string rows(std::istreambuf_iterator<char>(table), {});
            EXPECT_THAT(rows, Not(HasSubstr(uid))) << kind;
        }
    }
}

TEST_P(SandboxTest, EndsARunThatFillsTheDisk) {
    if (sandbox_->tier() != Tier::separate_user) {
        GTEST_SKIP() << "only for folders on a disk with a uid of the run's own";
    }
    Job job;
    job.limits.folder_bytes = 1U << 20U;
    EXPECT_EQ(shell("head -c 8M /dev/zero > file; sleep 100", job).ending, Ending::output_limit);
}

TEST(Sandbox, SaysWhichTierIsMeant) {
    EXPECT_EQ(*tier_choice("separate-user"), TierChoice::separate_user);
    EXPECT_FALSE(tier_choice("container"));
}

TEST(Sandbox, NeedsItsLauncher) {
    EXPECT_FALSE(Sandbox::open(TierChoice::none, "/nowhere", "/tmp"));
}

}  // namespace
}  // namespace vmlab::process
