#include "cli/live/oom_story.hpp"

#include <gmock/gmock.h>

namespace vmlab::cli {
namespace {

using evidence::OomCandidate;
using evidence::OomReport;
using testing::HasSubstr;
using testing::Not;

OomCandidate candidate(pid_t pid, const char* name, std::uint64_t resident, int adj) {
    OomCandidate made;
    made.pid = pid;
    made.name = name;
    made.resident_pages = resident;
    made.page_table_bytes = 40'960;
    made.oom_score_adj = adj;
    return made;
}

evidence::OomKill kill(pid_t pid, const char* name) {
    evidence::OomKill made;
    made.pid = pid;
    made.name = name;
    return made;
}

OomReport report() {
    OomReport made;
    made.memory_pages = 22'340;
    made.candidates = {candidate(1, "init", 300, -1000), candidate(137, "small", 2185, 900),
                       candidate(140, "oom", 8873, 0)};
    made.kills = {kill(137, "small")};
    return made;
}

report::TextStyle plain() {
    report::TextStyle style;
    style.width = 200;
    return style;
}

TEST(OomStory, GivesEachCandidateARowAndASentence) {
    const std::string text = oom_story({report()}, {140}, plain());
    EXPECT_THAT(text, HasSubstr("Memory had run out (87.3 MiB of it, 22340 pages), and the kernel killed "
                                "small (137), which is not the program under watch."));
    EXPECT_THAT(text,
                HasSubstr("\n  x   137  small        2185        0      10    900     19800    21995\n"));
    EXPECT_THAT(text,
                HasSubstr("\n      140  oom          8873        0      10      0         0     8883\n"));
    EXPECT_THAT(text,
                HasSubstr("\n        1  init          300        0      10  -1000         -    never\n"));
    EXPECT_THAT(text, HasSubstr("small (137) was killed: its badness of 85.9 MiB is the highest, of which "
                                "oom_score_adj +900 adds 77.3 MiB."));
    EXPECT_THAT(text, HasSubstr("oom (140), your program, was spared: its badness is 34.7 MiB."));
    EXPECT_THAT(text, HasSubstr("init (1) is never chosen: its oom_score_adj is -1000"));
}

TEST(OomStory, SaysWhatMadeTheKernelChoose) {
    OomReport pressed = report();
    pressed.manual = true;
    EXPECT_THAT(oom_story({pressed}, {}, plain()), HasSubstr("SysRq f was pressed"));
    OomReport cgroup = report();
    cgroup.scope = evidence::OomScope::cgroup;
    EXPECT_THAT(oom_story({cgroup}, {}, plain()), HasSubstr("The cgroup's memory had run out"));
    OomReport ours = report();
    EXPECT_THAT(oom_story({ours}, {137}, plain()), Not(HasSubstr("not the program under watch")));
    OomReport unknown = report();
    unknown.memory_pages.reset();
    EXPECT_THAT(oom_story({unknown}, {}, plain()), HasSubstr("cannot be weighed"));
    OomReport silent = report();
    silent.kills.clear();
    EXPECT_THAT(oom_story({silent}, {}, plain()), HasSubstr("does not say who was killed"));
}

TEST(OomStory, PassesByWhoIsAlreadyDead) {
    OomReport second = report();
    second.kills = {kill(140, "oom")};
    const std::string text = oom_story({report(), second}, {140}, plain());
    EXPECT_THAT(text, HasSubstr("small (137) had been killed before and was not gone yet"));
    EXPECT_THAT(text,
                HasSubstr("oom (140), your program, was killed: its badness of 34.7 MiB is the highest."));
}

TEST(OomStory, TellsOfAReportWithoutATable) {
    OomReport bare = report();
    bare.candidates.clear();
    EXPECT_THAT(oom_story({bare}, {}, plain()), HasSubstr("table of tasks is missing"));
    EXPECT_EQ(oom_story({}, {}, plain()), "");
}

TEST(OomStory, EndsWhereNobodyReadsOn) {
    OomReport crowd = report();
    crowd.candidates.assign(500, candidate(7, "a\x1b[2J", 1, 0));
    const std::string text = oom_story(std::vector<OomReport>(50, crowd), {}, plain());
    EXPECT_LT(text.size(), 50'000U);
    EXPECT_THAT(text, HasSubstr("(And 484 more, all of them lower.)"));
    EXPECT_THAT(text, HasSubstr("(And 42 more reports.)"));
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace vmlab::cli
