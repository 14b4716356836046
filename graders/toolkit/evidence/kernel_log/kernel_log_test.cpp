#include "vmlab/evidence/kernel_log.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "evidence/evidence_testing.hpp"
#include "evidence/kernel_log/log_sources.hpp"

namespace vmlab::evidence {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* numbers =
    "total-vm:68268kB, anon-rss:65280kB, file-rss:1236kB, shmem-rss:7kB, UID:0 pgtables:168kB "
    "oom_score_adj:-5";

std::string killed(const std::string& before, const std::string& name = "hog",
                   const std::string& rest = numbers) {
    return before + "Killed process 2606 (" + name + ") " + rest + "\n";
}

OomKill only_kill(const std::string& log) {
    const auto kills = parse_oom_kills(log);
    EXPECT_THAT(kills, SizeIs(1)) << log;
    return kills.empty() ? OomKill{} : kills.front();
}

TEST(OomKill, IsReadFieldByField) {
    const OomKill kill = only_kill(killed("Memory cgroup out of memory: "));
    EXPECT_EQ(kill.pid, 2606);
    EXPECT_EQ(kill.name, "hog");
    EXPECT_EQ(kill.scope, OomScope::cgroup);
    EXPECT_EQ(kill.total_vm_kb, 68268U);
    EXPECT_EQ(kill.anon_rss_kb, 65280U);
    EXPECT_EQ(kill.file_rss_kb, 1236U);
    EXPECT_EQ(kill.shmem_rss_kb, 7U);
    EXPECT_EQ(kill.pgtables_kb, 168U);
    EXPECT_EQ(kill.oom_score_adj, -5);
}

TEST(OomKill, LacksWhatOlderKernelsDoNotPrint) {
    const OomKill kill =
        only_kill(killed("Out of memory: ", "hog", "total-vm:8kB, anon-rss:4kB, file-rss:0kB"));
    EXPECT_EQ(kill.scope, OomScope::machine);
    EXPECT_EQ(kill.file_rss_kb, 0U);
    EXPECT_FALSE(kill.shmem_rss_kb);
    EXPECT_FALSE(kill.pgtables_kb);
    EXPECT_FALSE(kill.oom_score_adj);
}

TEST(OomKill, IsFoundInEveryFormOfLog) {
    for (const char* before : {
             "[    4.210051] ",
             "[Sat Nov 21 01:00:26 2026] ",
             "2026-11-21T01:00:27,868468+00:00 ",
             "<3>[ 7093.543839] ",
             "3,1334,33141200717,-;",
             "3,1334,33141200717,-,caller=T12;",
             "Nov 21 01:00:29 lab kernel: [    3.715233] ",
             "Nov  7 03:12:59 lab kernel: [44178.537897] ",
             "Nov 21 01:00:29 lab kernel: ",
             "Nov 21 01:00:29 (none) kern.err kernel: [    3.715233] ",
             "2026-11-21T01:00:27.868468+00:00 lab kernel: [    4.210051] ",
             "2026-11-21T01:00:27.868468+00:00 (none) kernel: ",
             "[  755.965005] lab kernel: ",
         }) {
        EXPECT_EQ(only_kill(killed(std::string(before) + "Out of memory: ")).scope, OomScope::machine)
            << before;
        EXPECT_EQ(only_kill(killed(std::string(before) + "Memory cgroup out of memory: ")).scope,
                  OomScope::cgroup);
        EXPECT_EQ(only_kill(killed(std::string(before) + "Out of memory (oom_kill_allocating_task): ")).pid,
                  2606);
    }
}

TEST(OomKill, TakesItsScopeFromTheLineBeforeInOlderKernels) {
    const auto kills = parse_oom_kills(
        "[1.0] Memory cgroup out of memory: Kill process 12 (a) score 68 or sacrifice child\n" +
        killed("[1.1] ") + "[2.0] Out of memory: Kill process 13 (b) score 900 or sacrifice child\n" +
        killed("[2.1] "));
    ASSERT_THAT(kills, SizeIs(2));
    EXPECT_EQ(kills[0].scope, OomScope::cgroup);
    EXPECT_EQ(kills[1].scope, OomScope::machine);
}

TEST(OomKill, MayHaveAnyName) {
    for (const char* name :
         {"a b", "x) (y", ") total-vm:1kB", "", "((((", "\\x0aOut", "Killed process", "\xff\x01", "a: b"}) {
        EXPECT_EQ(only_kill(killed("[1.0] Out of memory: ", name)).name, name);
    }
}

TEST(OomKill, OfAnotherProgramsWordsIsNone) {
    const std::string kill = killed("Out of memory: ");
    for (const char* before : {
             "Nov 21 01:00:28 lab monitor[715]: ",
             "Nov 21 01:00:29 lab monitor[715]: the kernel wrote ",
             "Nov 21 01:00:30 lab ada: ",
             "Nov 21 01:00:30 lab ada kernel: [    4.210051] ",
             "Nov 21 01:00:30 lab user.notice kernel: ",
             "2026-11-21T01:00:27.868468+00:00 lab ada: kernel: ",
             "2026-11-21T01:00:27.868468+00:00 lab ada kernel: ",
             "kernel: ",
             "11,17354,2693353875,-;",
             "<11>[    4.210051] ",
             "quoted: ",
             " ",
         }) {
        EXPECT_THAT(parse_oom_kills(before + kill), IsEmpty()) << before;
    }
}

TEST(OomKill, ThatWasNoneIsNone) {
    for (const char* row : {
             "[1.0] oom_reaper: reaped process 2606 (hog), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
             "[1.0] Out of memory: Kill process 2606 (hog) score 944 or sacrifice child",
             "[1.0] Out of memory: Killed process -1 (hog) total-vm:1kB, anon-rss:1kB",
             "[1.0] Out of memory: Killed process 99999999999999 (hog) total-vm:1kB, anon-rss:1kB",
             "[1.0] Out of memory: Killed process 2606 (hog) total-vm:99999999999999999999999kB, "
             "anon-rss:1kB",
             "[1.0] Out of memory: Killed process 2606 hog total-vm:1kB, anon-rss:1kB",
             "[1.0] Out of memory: Killed process 2606 (hog",
             "[1.0] Out of memory (",
             "[",
             "3,1,2,-",
         }) {
        EXPECT_THAT(parse_oom_kills(row), IsEmpty()) << row;
    }
}

TEST(OomKill, IsReadFromARealKernelsRecords) {
    const auto kills = parse_oom_kills(recorded("kmsg.log"));
    ASSERT_THAT(kills, SizeIs(2));  // the third was written by a program
    EXPECT_EQ(kills[0].name, "a) total-vm:1k");
    EXPECT_EQ(kills[0].scope, OomScope::cgroup);
    EXPECT_EQ(kills[0].total_vm_kb, 10700U);
    EXPECT_EQ(kills[1].name, "hog");
}

TEST(OomKill, SurvivesAnyCut) {
    const std::string log = recorded("kmsg.log");
    for (std::size_t length = 0; length < log.size(); ++length) {
        EXPECT_LE(parse_oom_kills(std::string_view(log).substr(0, length)).size(), 2U);
    }
    EXPECT_THAT(parse_oom_kills(std::string("\0\n\xff\n;\n<\n", 8)), IsEmpty());
}

class LogFileTest : public testing::Test {
  protected:
    void SetUp() override {
        auto made = process::TemporaryFolder::create();
        ASSERT_TRUE(made) << made.error().what;
        folder_.emplace(std::move(*made));
        append("old\n");
    }
    void append(const std::string& text) const { std::ofstream(file(), std::ios::app) << text; }
    [[nodiscard]] std::filesystem::path file() const { return folder_->path() / "syslog"; }

  private:
    std::optional<process::TemporaryFolder> folder_;
};

TEST_F(LogFileTest, ReadsWholeNewLines) {
    const auto log = open_log_file(file());
    ASSERT_TRUE(log) << log.error().what;
    EXPECT_EQ((*log)->read_new(), "");
    append("one\ntw");
    EXPECT_EQ((*log)->read_new(), "one\n");
    append("o\n");
    EXPECT_EQ((*log)->read_new(), "two\n");
}

TEST_F(LogFileTest, FollowsARotation) {
    const auto log = open_log_file(file());
    ASSERT_TRUE(log);
    append("before\n");
    std::filesystem::rename(file(), file().string() + ".1");
    append("after\n");
    EXPECT_EQ((*log)->read_new(), "before\nafter\n");
    std::filesystem::resize_file(file(), 0);
    append("x\n");
    EXPECT_EQ((*log)->read_new(), "x\n");
}

TEST_F(LogFileTest, SaysWhatIsMissing) {
    const auto log = open_log_file(file().string() + ".none");
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().kind, process::ErrorKind::machine_lacks);
    EXPECT_FALSE(open_kmsg(file()));
}

TEST_F(LogFileTest, WaitsForTheKillItIsAskedFor) {
    auto source = open_log_file(file());
    ASSERT_TRUE(source);
    KernelLog log(std::move(*source));
    EXPECT_EQ(log.source(), file().string());
    append("Nov 21 01:00:29 lab kernel: " + killed("Out of memory: "));
    EXPECT_THAT(parse_oom_kills(log.read_until_killed({2606}, std::chrono::minutes(10))), SizeIs(1));
    // What was read stays.
    EXPECT_THAT(parse_oom_kills(log.read_until_killed({2606, 2607}, std::chrono::milliseconds(5))),
                SizeIs(1));
}

TEST(KernelLog, IsReadableOrSaysWhyNot) {
    auto log = KernelLog::open_at_end();
    if (!log) {
        EXPECT_EQ(log.error().kind, process::ErrorKind::machine_lacks);
        GTEST_SKIP() << log.error().what;
    }
    EXPECT_FALSE(log->source().empty());
    (void)log->read_until_killed({}, std::chrono::milliseconds(0));
}

}  // namespace
}  // namespace vmlab::evidence
