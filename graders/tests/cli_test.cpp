// The vmlab command as a person uses it: what it shows, and what it says of bad input. Every test asserts on
// the exit status and on what is said, and none leaves a process, a file or an arena behind.

#include "cli_fixture.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <regex>

#include "vmlab/grading/activity.hpp"

namespace vmlab::cli_tests {
namespace {

using namespace std::chrono_literals;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

// ---- What there is, and what to do next

TEST_F(CliTest, WithoutArgumentsShowsEveryActivityAndTheNextStep) {
    const Ended ended = vmlab({});
    EXPECT_EQ(ended.status.code, 0) << ended.err;
    EXPECT_EQ(ended.err, "");
    const auto activities = grading::load_activities(source / "activities");
    ASSERT_TRUE(activities);
    for (const grading::Activity& activity : *activities) {
        EXPECT_THAT(ended.out, HasSubstr(fmt::format("{:02}", activity.number)));
        EXPECT_THAT(ended.out, HasSubstr(activity.title));
    }
    EXPECT_THAT(ended.out, ContainsRegex("\n  0 of [0-9]+00 points"));
    EXPECT_THAT(ended.out, HasSubstr("Next:  read activities/01-heap-growth/README.md"));
    EXPECT_FALSE(has_colour(ended.out));
}

TEST_F(CliTest, ListShowsEveryCheckAndItsPoints) {
    const Ended ended = vmlab({"list"});
    EXPECT_EQ(ended.status.code, 0) << ended.err;
    const auto activities = grading::load_activities(source / "activities");
    ASSERT_TRUE(activities);
    for (const grading::Activity& activity : *activities) {
        for (const grading::CheckInfo& check : activity.checks) {
            EXPECT_THAT(ended.out, HasSubstr(fmt::format("{:>3}  {}", check.points, check.title)));
        }
    }
}

TEST_F(CliTest, HelpAndVersionGoToStdout) {
    const Ended help = vmlab({"--help"});
    EXPECT_EQ(help.status.code, 0);
    for (const char* name : {"list", "grade", "run", "hint", "reset", "doctor"}) {
        EXPECT_THAT(help.out, HasSubstr(name));
    }
    const Ended version = vmlab({"--version"});
    EXPECT_EQ(version.status.code, 0);
    EXPECT_THAT(version.out, ::testing::StartsWith("vmlab "));
}

TEST_F(CliTest, HintGoesRoundAndSaysHowManyThereAre) {
    const auto activity = grading::load_activity(source / "activities/01-heap-growth");
    ASSERT_TRUE(activity);
    const std::size_t total = activity->hints.size();
    ASSERT_EQ(total, 3U);
    std::vector<std::string> shown;
    for (std::size_t i = 1; i <= total; ++i) {
        const Ended ended = vmlab({"hint", "1"});
        EXPECT_EQ(ended.status.code, 0) << ended.err;
        EXPECT_THAT(ended.out, HasSubstr(fmt::format("Hint {} of {} for 01", i, total)));
        EXPECT_THAT(ended.out, HasSubstr(i < total ? "gives the next one" : "That was the last one"));
        EXPECT_THAT(shown, Not(::testing::Contains(ended.out)));
        shown.push_back(ended.out);
    }
    EXPECT_EQ(vmlab({"hint", "1"}).out, shown.front());
}

TEST_F(CliTest, HintSurvivesAStateFileThatIsNotItsOwn) {
    ASSERT_EQ(vmlab({"hint", "1"}).status.code, 0);
    for (const auto& entry : fs::recursive_directory_iterator(folder() / "state")) {
        if (entry.is_regular_file()) {
            write(entry.path(), "-99999999999999999999 nonsense");
        }
    }
    const Ended ended = vmlab({"hint", "1"});
    EXPECT_EQ(ended.status.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("Hint 1 of 3"));
    EXPECT_EQ(vmlab({}).status.code, 0);
}

TEST_F(CliTest, ShowPrintsTheStarterAndLeavesTheStudentsFile) {
    work_on_a_copy();
    write(copy() / "activities/02-leaks/leaks.cpp", "mine");
    const fs::path starter = source / "graders/02-leaks/starter";
    const Ended first = vmlab({"show", "2", "starter"});
    EXPECT_EQ(first.status.code, 0) << first.err;
    EXPECT_EQ(first.out, read(starter / "leaks.cpp"));
    EXPECT_EQ(vmlab({"show", "2", "starter", "answers.toml"}).out, read(starter / "answers.toml"));
    EXPECT_EQ(read(copy() / "activities/02-leaks/leaks.cpp"), "mine");
    expect_refusal(vmlab({"show", "2", "starter", "oom.cpp"}), "has no file oom.cpp", "leaks.cpp");
    expect_refusal(vmlab({"show", "2", "solution"}), "solution", "--help");
}

TEST_F(CliTest, DoctorTriesEverythingAndSaysWhatIsMissing) {
    const Ended ended = vmlab({"doctor"});
    EXPECT_EQ(ended.status.code, 0) << ended.status.describe() << ended.err;
    for (const char* what :
         {"isolation: namespaces", "isolation: separate-user", "building and running", "Valgrind", "strace",
          "arena: cgroup2", "arena: cgroup1", "arena: vm", "kernel log", "lowering oom_score_adj"}) {
        EXPECT_TRUE(std::regex_search(ended.out, std::regex(fmt::format("\n  (ok  |none|-   ) {} ", what))))
            << what << " in\n"
            << ended.out;
    }
    const bool judges_all = ended.out.find("Every check can be judged here.") != std::string::npos;
    EXPECT_NE(judges_all, ended.out.find("\n  none ") != std::string::npos) << ended.out;
    EXPECT_EQ(vmlab({"doctor", "--strict"}).status.code, judges_all ? 0 : 3);
    EXPECT_FALSE(has_colour(ended.out));
}

// ---- On a terminal

TEST_F(CliTest, ColourOnATerminalOnly) {
    fs::create_directory(folder() / "empty");
    const std::vector<std::string> grade = {"grade", "1", "--submission", (folder() / "empty").string()};
    const Ended coloured = vmlab(grade, Output::terminal);
    EXPECT_EQ(coloured.status.code, 1) << coloured.out;
    EXPECT_TRUE(has_colour(coloured.out));
    EXPECT_THAT(coloured.out, HasSubstr("✗")) << "a UTF-8 locale";
    EXPECT_THAT(coloured.out, HasSubstr("Grading  01 0/9")) << "progress";
    EXPECT_TRUE(has_colour(vmlab({}, Output::terminal).out));

    environment["NO_COLOR"] = "1";
    const Ended plain = vmlab(grade, Output::terminal);
    EXPECT_EQ(plain.status.code, 1);
    EXPECT_FALSE(has_colour(plain.out));
    EXPECT_FALSE(has_colour(vmlab({}, Output::terminal).out));

    environment.erase("NO_COLOR");
    environment["TERM"] = "dumb";
    const Ended dumb = vmlab(grade, Output::terminal);
    EXPECT_THAT(dumb.out, Not(HasSubstr("\x1b"))) << "a dumb terminal knows no control sequences at all";

    environment["TERM"] = "xterm";
    environment["LANG"] = "C";
    EXPECT_THAT(vmlab(grade, Output::terminal).out, HasSubstr("[FAIL]")) << "no UTF-8, no marks beyond ASCII";
}

// ---- Bad input: one message, the next step, exit status 2

TEST_F(CliTest, RefusesActivitiesThatDoNotExist) {
    for (const char* name : {"grade", "hint", "reset", "run"}) {
        expect_refusal(vmlab({name, "99"}), "there is no activity 99", "scripts/lab list");
        expect_refusal(vmlab({name, "one"}), "\"one\" is not a number", "--help");
        expect_refusal(vmlab({name, "99999999999999999999"}), "99999999999999999999", "--help");
    }
    expect_refusal(vmlab({"grade", "1", "0"}), "there is no activity 0", "scripts/lab list");
    expect_refusal(vmlab({"reset", "1", "nonsense.cpp"}), "has no file nonsense.cpp", "heap_growth.cpp");
    expect_refusal(vmlab({"run", "3", "--program", "nonsense"}), "has no program \"nonsense\"", "obituary");
    expect_refusal(vmlab({"hint"}), "N", "--help");
    expect_refusal(vmlab({"nonsense"}), "nonsense", "--help");
}

TEST_F(CliTest, RefusesOptionsThatMakeNoSense) {
    expect_refusal(vmlab({"grade", "1", "--format", "yaml"}), "yaml", "--help");
    expect_refusal(vmlab({"grade", "1", "--arena", "cgroup9"}), "cgroup9", "--help");
    expect_refusal(vmlab({"grade", "1", "--isolation", "prayer"}), "prayer", "--help");
    expect_refusal(vmlab({"grade", "1", "--jobs", "0"}), "jobs", "--help");
    expect_refusal(vmlab({"run", "3", "--memory", "1"}), "memory", "--help");
    expect_refusal(vmlab({"grade", "--nonsense"}), "nonsense", "--help");
}

TEST_F(CliTest, RefusesSubmissionsThatAreNoFolders) {
    expect_refusal(vmlab({"grade", "1", "--submission", "/nowhere"}), "there is no folder /nowhere",
                   "--submission takes");
    write(folder() / "file.zip", "PK");
    expect_refusal(vmlab({"grade", "1", "--submission", "file.zip"}), "file.zip is not a folder",
                   "not an archive: unpack it first");
    write(folder() / "answers.toml", "");
    expect_refusal(vmlab({"grade", "--submission", "answers.toml"}),
                   "answers.toml is asked for by activities 2, 3, 4, 5", "say which: scripts/lab grade 2");
    write(folder() / "leaks.cpp", "");
    expect_refusal(vmlab({"grade", "1", "--submission", "leaks.cpp"}),
                   "no file that is asked for (heap_growth.cpp)", "--submission takes");
    environment["VMLAB_ROOT"] = "/nowhere";
    expect_refusal(vmlab({"list"}), "there is no folder /nowhere/activities", "VMLAB_ROOT");
}

TEST_F(CliTest, RefusesAnOutputThatCannotBeWrittenBeforeItGrades) {
    const auto grade_into = [this](const std::string& output) {
        const auto start = std::chrono::steady_clock::now();
        const Ended ended =
            vmlab({"grade", "--format", "json", "--output", output});  // all activities: minutes of work
        EXPECT_LT(std::chrono::steady_clock::now() - start, 20s) << "noticed before the work";
        EXPECT_THAT(ended.err, Not(HasSubstr("graded")));
        return ended;
    };
    expect_refusal(grade_into("/nowhere/result.json"), "there is no folder /nowhere", "--output takes");
    expect_refusal(grade_into("/proc/result.json"), "/proc/result.json", "--output takes");
    expect_refusal(grade_into(temporary().string()), "is not a regular file", "without --output");
    expect_refusal(grade_into("/dev/null"), "/dev/null is not a regular file", "without --output");
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
    write(folder() / "file", "");
    expect_refusal(grade_into((folder() / "file/result.json").string()), "there is no folder",
                   "--output takes");
}

// ---- A stdout that takes nothing

TEST_F(CliTest, SaysSoWhenStdoutTakesNothing) {
    fs::create_directory(folder() / "empty");
    const std::vector<std::vector<std::string>> commands = {
        {},
        {"list"},
        {"hint", "1"},
        {"--help"},
        {"grade", "1", "--submission", (folder() / "empty").string()}};
    for (const auto& arguments : commands) {
        for (const Output output : {Output::full_device, Output::closed, Output::gone_reader}) {
            SCOPED_TRACE(fmt::format("{} on output {}", arguments.empty() ? "dashboard" : arguments[0],
                                     static_cast<int>(output)));
            const Ended ended = vmlab(arguments, output);
            EXPECT_EQ(ended.status.code, !arguments.empty() && arguments[0] == "grade" ? 4 : 2)
                << ended.status.describe();
            EXPECT_THAT(ended.err, HasSubstr("vmlab: write to standard output: "));
        }
    }
}

}  // namespace
}  // namespace vmlab::cli_tests
