#include "vmlab/evidence/oom_report.hpp"

#include <gmock/gmock.h>

#include <string>

#include "evidence/evidence_testing.hpp"

namespace vmlab::evidence {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

/// Written by real kernels in a virtual machine of 128 MiB without swap (stacks and statistics left out): a
/// growing program at 0 beside one of 8 MiB at +900 and one of 24 MiB at -1000, until both of the former are
/// dead; SysRq f; a program in a cgroup of 16 MiB.
class RecordedReports : public testing::TestWithParam<const char*> {
  protected:
    std::vector<OomReport> reports_ = parse_oom_reports(recorded(std::string("oom-") + GetParam() + ".log"));
};

INSTANTIATE_TEST_SUITE_P(Kernel, RecordedReports, testing::Values("5.10", "6.1", "6.12"),
                         [](const auto& instance) {
                             std::string name = instance.param;
                             name[name.find('.')] = '_';
                             return name;
                         });

TEST_P(RecordedReports, AreAllFound) {
    ASSERT_THAT(reports_, SizeIs(4));
    for (const OomReport& report : reports_) {
        EXPECT_THAT(report.kills, SizeIs(1));
        EXPECT_FALSE(report.candidates.empty());
    }
    EXPECT_EQ(reports_[0].invoked_by, "hog");
    EXPECT_FALSE(reports_[0].manual);
    EXPECT_THAT(reports_[2].invoked_by, testing::StartsWith("kworker/"));
    EXPECT_TRUE(reports_[2].manual);
    EXPECT_EQ(reports_[2].scope, OomScope::machine);
    EXPECT_EQ(reports_[3].scope, OomScope::cgroup);
    EXPECT_EQ(reports_[3].kills[0].scope, OomScope::cgroup);
}

TEST_P(RecordedReports, TellHowMuchMemoryThereIs) {
    ASSERT_THAT(reports_, SizeIs(4));
    ASSERT_TRUE(reports_[0].memory_pages);
    EXPECT_GT(*reports_[0].memory_pages * page_bytes, 80U << 20U);
    EXPECT_LT(*reports_[0].memory_pages * page_bytes, 128U << 20U);
    EXPECT_EQ(reports_[0].swap_pages, 0U);
    EXPECT_EQ(reports_[3].memory_pages, (16U << 20U) / page_bytes);
}

TEST_P(RecordedReports, ShowThatTheHighestBadnessDies) {
    for (const OomReport& report : reports_) {
        ASSERT_THAT(report.kills, SizeIs(1));
        std::int64_t highest = -1;
        pid_t pid = 0;
        for (const OomCandidate& candidate : report.candidates) {
            if (const auto badness = badness_pages(report, candidate); badness && *badness > highest) {
                highest = *badness;
                pid = candidate.pid;
            }
        }
        EXPECT_EQ(report.kills[0].pid, pid);
    }
}

TEST_P(RecordedReports, CountMemoryInPagesWhereTheKillCountsInKilobytes) {
    for (const OomReport& report : reports_) {
        for (const OomCandidate& candidate : report.candidates) {
            if (candidate.pid == report.kills.at(0).pid) {
                EXPECT_EQ(candidate.virtual_pages * 4, report.kills[0].total_vm_kb);
                EXPECT_EQ(candidate.page_table_bytes / 1024, report.kills[0].pgtables_kb);
                EXPECT_EQ(candidate.oom_score_adj, report.kills[0].oom_score_adj);
                EXPECT_EQ(candidate.name, report.kills[0].name);
            }
        }
    }
}

TEST(OomReport, GivesBadnessAsTheKernelComputesIt) {
    OomReport report;
    report.memory_pages = 22'340;
    OomCandidate candidate;
    candidate.resident_pages = 2185;
    candidate.swapped_pages = 5;
    candidate.page_table_bytes = 57'344;
    EXPECT_EQ(badness_pages(report, candidate), 2185 + 5 + 14);
    candidate.oom_score_adj = 900;
    EXPECT_EQ(adjustment_pages(report, candidate), 22 * 900);  // the kernel divides first
    EXPECT_EQ(badness_pages(report, candidate), 2204 + 22 * 900);
    candidate.oom_score_adj = -500;
    EXPECT_EQ(badness_pages(report, candidate), 2204 - 22 * 500);
    candidate.oom_score_adj = -1000;
    EXPECT_FALSE(badness_pages(report, candidate));
    report.memory_pages.reset();
    candidate.oom_score_adj = 1;
    EXPECT_FALSE(badness_pages(report, candidate));
    candidate.oom_score_adj = 0;
    EXPECT_EQ(badness_pages(report, candidate), 2204);
}

constexpr const char* head_of_4_15 =
    "[ pid ]   uid  tgid total_vm      rss pgtables_bytes swapents "
    "oom_score_adj name";

/// The same report in the form of each kind of log.
std::string in_form(const std::string& before) {
    std::string log;
    for (const char* text : {
             "my (1) hog invoked oom-killer: gfp_mask=0x14280ca(GFP_HIGHUSER), order=0, oom_score_adj=0",
             "32638 pages RAM",
             "2638 pages reserved",
             head_of_4_15,
             "[   90]  1000    90    16807    16300   172032        7           -20 my (1) hog",
             "[  191]     0   191      565        1    28672        0         -1000 busybox",
             "Out of memory: Kill process 90 (my (1) hog) score 900 or sacrifice child",
             "Killed process 90 (my (1) hog) total-vm:67228kB, anon-rss:65196kB, file-rss:4kB, shmem-rss:0kB",
         }) {
        log += before + text + "\n";
    }
    return log;
}

TEST(OomReport, IsReadInEveryFormOfLog) {
    for (const char* before :
         {"3,1334,33141200717,-;", "[    4.210051] ", "[    4.210051][    T1] ",
          "[Sat Nov 21 01:00:26 2026] ", "<3>[ 7093.543839] ",
          "2026-11-21T01:00:27.868468+00:00 (none) kernel: [    4.210051] ",
          "Nov 21 01:00:29 (none) kern.err kernel: [    3.715233] ", "[    4.210051] host kernel: "}) {
        const auto reports = parse_oom_reports(in_form(before));
        ASSERT_THAT(reports, SizeIs(1)) << before;
        const OomReport& report = reports[0];
        EXPECT_EQ(report.invoked_by, "my (1) hog") << before;
        EXPECT_EQ(report.memory_pages, 30'000U) << before;
        ASSERT_THAT(report.candidates, SizeIs(2)) << before;
        EXPECT_EQ(report.candidates[0].pid, 90);
        EXPECT_EQ(report.candidates[0].name, "my (1) hog");
        EXPECT_EQ(report.candidates[0].resident_pages, 16'300U);
        EXPECT_EQ(report.candidates[0].virtual_pages, 16'807U);
        EXPECT_EQ(report.candidates[0].page_table_bytes, 172'032U);
        EXPECT_EQ(report.candidates[0].swapped_pages, 7U);
        EXPECT_EQ(report.candidates[0].oom_score_adj, -20);
        EXPECT_EQ(report.candidates[1].name, "busybox");
        ASSERT_THAT(report.kills, SizeIs(1)) << before;
        EXPECT_EQ(report.kills[0].pid, 90);
    }
}

TEST(OomReport, IsTheKernelsOwnOnly) {
    EXPECT_THAT(parse_oom_reports(in_form("12,1,1,-;")), IsEmpty());
    EXPECT_THAT(parse_oom_reports(in_form("Nov 21 01:00:29 host hog[90]: ")), IsEmpty());
    EXPECT_THAT(parse_oom_reports(in_form("Nov 21 01:00:29 host hog[90]: kernel: ")), IsEmpty());
}

TEST(OomReport, MayConsistOfTheKillAlone) {
    const std::string kill = "3,1,1,-;Out of memory: Killed process 9 (a) total-vm:8kB, anon-rss:4kB\n";
    const auto reports = parse_oom_reports(kill + kill);
    ASSERT_THAT(reports, SizeIs(2));
    EXPECT_THAT(reports[0].candidates, IsEmpty());
    EXPECT_FALSE(reports[0].memory_pages);
    EXPECT_THAT(reports[0].kills, SizeIs(1));
}

TEST(OomReport, HoldsAllThatDieTogether) {
    const auto kill = [](const char* pid) {
        return std::string("3,1,1,-;Memory cgroup out of memory: Killed process ") + pid +
               " (a) total-vm:8kB, anon-rss:4kB\n";
    };
    const auto reports = parse_oom_reports(
        "4,1,1,-;a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n" + kill("9") +
        "6,1,1,-;Tasks in /box are going to be killed due to memory.oom.group set\n" + kill("9") +
        kill("10"));
    ASSERT_THAT(reports, SizeIs(1));
    EXPECT_THAT(reports[0].kills, SizeIs(2));
}

TEST(OomReport, ToleratesDamage) {
    const std::string log = in_form("3,1334,33141200717,-;");
    for (std::size_t cut = 0; cut < log.size(); cut += 3) {
        EXPECT_LE(parse_oom_reports(log.substr(0, cut)).size(), 1U);
        (void)parse_oom_reports(log.substr(cut));
    }
    EXPECT_THAT(parse_oom_reports(std::string("3,1,1,-;[  90] 1 2\n[") + std::string(5, '\0')), IsEmpty());
}

}  // namespace
}  // namespace vmlab::evidence
