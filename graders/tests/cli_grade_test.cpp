// vmlab grade: submissions whose grade is known, and files that are none.

#include "cli_fixture.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <csignal>
#include <pugixml.hpp>

#include "vmlab/arena/arena.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::cli_tests {
namespace {

using namespace std::chrono_literals;
using corpus::Case;
using corpus::Kind;
using nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(CliTest, AReferenceSolutionGetsFullPointsAsJson) {
    const fs::path output = folder() / "result.json";
    const Ended ended = vmlab({"grade", "1", "--submission", submission(solution_1).string(), "--format",
                               "json", "--output", output.string()});
    EXPECT_EQ(ended.status.code, 0) << ended.err;
    EXPECT_EQ(ended.out, "") << "the result goes to the file";
    EXPECT_THAT(ended.err, HasSubstr("graded 01"));
    const json result = json::parse(read(output), nullptr, false);
    ASSERT_FALSE(result.is_discarded());
    EXPECT_EQ(result.at("schema"), "vmlab/result/v1");
    EXPECT_EQ(result.at("score"), 100);
    EXPECT_EQ(result.at("max_score"), 100);
    EXPECT_EQ(result.at("judged_max_score"), 100);
    for (const char* name : {"arena", "isolation", "kernel", "valgrind", "compiler"}) {
        EXPECT_NE(result.at("environment").at(name), "") << name;
    }
    const json& activity = result.at("activities").at(0);
    EXPECT_EQ(activity.at("number"), 1);
    EXPECT_EQ(activity.at("slug"), "heap-growth");
    int points = 0;
    for (const json& check : activity.at("checks")) {
        EXPECT_EQ(check.at("outcome"), "passed");
        EXPECT_EQ(check.at("score"), check.at("max_score"));
        EXPECT_GE(check.at("seconds"), 0);
        points += check.at("score").get<int>();
    }
    EXPECT_EQ(points, 100);
    EXPECT_THAT(entries_of(folder()), Not(::testing::Contains(folder() / "result.json.tmp")));
}

TEST_F(CliTest, JUnitNamesEveryCheck) {
    const Ended ended =
        vmlab({"grade", "1", "--submission", submission(solution_1).string(), "--format", "junit"});
    EXPECT_EQ(ended.status.code, 0) << ended.err;
    pugi::xml_document document;
    ASSERT_TRUE(document.load_string(ended.out.c_str())) << ended.out;
    const auto activity = grading::load_activity(source / "activities/01-heap-growth");
    ASSERT_TRUE(activity);
    EXPECT_EQ(document.select_nodes("//testcase").size(), activity->checks.size());
    EXPECT_TRUE(document.select_nodes("//failure").empty());
    for (const grading::CheckInfo& check : activity->checks) {
        EXPECT_FALSE(document.select_nodes(fmt::format("//testcase[@name='{}']", check.name).c_str()).empty())
            << check.name;
    }
}

TEST_F(CliTest, AWrongSubmissionFailsWithACardInPlainText) {
    const Case wrong{"01-heap-growth", Kind::wrong, "always-up"};
    const Ended ended = vmlab({"grade", "1", "--submission", submission(wrong).string()});
    EXPECT_EQ(ended.status.code, 1) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("80/100"));
    EXPECT_THAT(ended.out, HasSubstr("FindsTheDirectionByComparing"));
    for (const char* word : {"expected", "observed", "evidence", "why", "next"}) {
        EXPECT_THAT(ended.out, HasSubstr(word));
    }
    EXPECT_THAT(ended.out + ended.err, Not(HasSubstr("\x1b"))) << "no terminal, no control sequences";
}

TEST_F(CliTest, AProfileTellsWhatWasRunAndLeavesTheResultAlone) {
    const Case solution{"01-heap-growth", Kind::solution, ""};
    const Ended ended =
        vmlab({"grade", "1", "--profile", "--format", "json", "--submission", submission(solution).string()});
    EXPECT_EQ(ended.status.code, 0) << ended.err;
    EXPECT_THAT(ended.err, ContainsRegex("\n01-heap-growth-checks\n +began +took +processor"));
    EXPECT_THAT(ended.err, ContainsRegex("\n +0\\.[0-9]+ +[0-9.]+ +[0-9.]+   g\\+\\+ heap_growth\\.cpp\n"));
    EXPECT_THAT(ended.err, ContainsRegex("\n +[0-9.]+ +[0-9.]+ +[0-9.]+   valgrind[^ ]* heap_growth\n"));
    EXPECT_TRUE(grading::result_from_json(ended.out)) << ended.out;
}

TEST_F(CliTest, GradingOnesOwnWorkFeedsTheDashboardAndResetTakesItBack) {
    work_on_a_copy();
    solve_in_copy("01-heap-growth");
    const std::string shipped = read(source / "activities/01-heap-growth/heap_growth.cpp");
    const std::string solved = read(source / "graders/01-heap-growth/solution/heap_growth.cpp");
    const fs::path own = copy() / "activities/01-heap-growth";

    EXPECT_EQ(vmlab({"grade", "1"}).status.code, 0);
    const Ended dashboard = vmlab({});
    EXPECT_THAT(dashboard.out, HasSubstr("100/100"));
    EXPECT_THAT(dashboard.out, ContainsRegex("\n  100 of [0-9]+00 points"));
    EXPECT_THAT(dashboard.out, HasSubstr("Next:  read activities/02-leaks/README.md"));

    const Ended reset = vmlab({"reset", "1"});
    EXPECT_EQ(reset.status.code, 0) << reset.err;
    EXPECT_THAT(reset.out, HasSubstr("heap_growth.cpp is the starter again; your own is kept as "
                                     "heap_growth.cpp.backup-1"));
    EXPECT_EQ(read(own / "heap_growth.cpp"), read(source / "graders/01-heap-growth/starter/heap_growth.cpp"));
    EXPECT_EQ(read(own / "heap_growth.cpp.backup-1"), solved);
    EXPECT_THAT(vmlab({}).out, ContainsRegex("\n  0 of [0-9]+00 points"));

    EXPECT_THAT(vmlab({"reset", "1"}).out, HasSubstr("as it was shipped already"));
    EXPECT_FALSE(fs::exists(own / "heap_growth.cpp.backup-2"));
    fs::remove(own / "heap_growth.cpp");
    EXPECT_THAT(vmlab({"reset", "1", "heap_growth.cpp"}).out, HasSubstr("was missing"));
    write(own / "heap_growth.cpp", "int main() {}\n");
    EXPECT_THAT(vmlab({"reset", "1"}).out, HasSubstr("heap_growth.cpp.backup-2"));
    EXPECT_EQ(read(source / "activities/01-heap-growth/heap_growth.cpp"), shipped)
        << "a test changed the checkout";
}

TEST_F(CliTest, TwoAtOnceOnOneSubmissionAgree) {
    const fs::path folder = submission({"01-heap-growth", Kind::wrong, "always-up"});
    const std::vector<std::string> arguments = {"grade",  "1", "--submission", folder,
                                                "--jobs", "2", "--format",     "json"};
    Running first(command(arguments));
    Running second(command(arguments));
    std::vector<std::vector<std::string>> outcomes;
    for (Running* running : {&first, &second}) {
        const Ended ended = finish(*running);
        EXPECT_EQ(ended.status.code, 1) << ended.err;
        const json result = json::parse(ended.out, nullptr, false);
        ASSERT_FALSE(result.is_discarded());
        auto& found = outcomes.emplace_back();
        for (const json& check : result.at("activities").at(0).at("checks")) {
            found.push_back(check.at("name").get<std::string>() + " " +
                            check.at("outcome").get<std::string>());
        }
    }
    EXPECT_EQ(outcomes[0], outcomes[1]);
    EXPECT_THAT(outcomes[0], ::testing::Contains("FindsTheDirectionByComparing failed"));
}

TEST_F(CliTest, GradesUnderAnUnusualUmaskAndInAnUnusualTemporaryFolder) {
    environment["TMPDIR"] = (temporary() / "mein Ordner mit Ümläuten '\"$(x)").string();
    fs::create_directory(environment["TMPDIR"]);
    Command strict = command({"grade", "1", "--submission", submission(solution_1).string(), "--format",
                              "json", "--output", "result.json"});
    strict.mask = 077;
    const Ended ended = run(strict);
    EXPECT_EQ(ended.status.code, 0) << ended.err << read(folder() / "result.json");
    EXPECT_EQ(fs::status(folder() / "result.json").permissions() & fs::perms::mask, fs::perms(0600))
        << "the person's umask holds for the result";
    EXPECT_THAT(entries_of(environment["TMPDIR"]), ::testing::IsEmpty());
    fs::remove(environment["TMPDIR"]);
}

TEST_F(CliTest, ATemporaryFolderThatIsNotThereIsReplaced) {
    environment["TMPDIR"] = (folder() / "not/there").string();
    const json activity = grade_activity(1, submission(solution_1), 0);
    EXPECT_EQ(activity.at("score"), 100);
    EXPECT_FALSE(fs::exists(folder() / "not"));
}

// ---- Submitted files

void expect_all(const json& activity, const std::string& reason, const std::string& words) {
    for (const json& check : activity.at("checks")) {
        EXPECT_EQ(check.at("outcome"), "failed") << check;
        EXPECT_EQ(check.at("reason"), reason) << check;
        EXPECT_EQ(check.at("score"), 0) << check;
        EXPECT_THAT(check.at("card").dump(), HasSubstr(words));
    }
}

TEST_F(CliTest, SubmittedFilesThatAreNoFiles) {
    const fs::path place = folder() / "s";
    const fs::path file = place / "01-heap-growth/heap_growth.cpp";
    fs::create_directories(file.parent_path());
    expect_all(grade_activity(1, place, 1), "missing-file", "missing");

    fs::create_symlink(source / "graders/01-heap-growth/solution/heap_growth.cpp", file);
    expect_all(grade_activity(1, place, 1), "missing-file", "symbolic link");
    fs::remove(file);

    ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
    expect_all(grade_activity(1, place, 1), "missing-file", "FIFO");
    fs::remove(file);

    fs::create_directory(file);
    expect_all(grade_activity(1, place, 1), "missing-file", "folder");
    fs::remove(file);

    write(file, "int main() {}\n");
    fs::resize_file(file, (1U << 20U) + 1);
    expect_all(grade_activity(1, place, 1), "missing-file", "larger than 1048576 bytes");
}

TEST_F(CliTest, AFileThatDoesNotCompileShowsTheCompilersWords) {
    write(folder() / "s/heap_growth.cpp", "int main() { return zero; }\n");
    const json activity = grade_activity(1, folder() / "s", 1);
    expect_all(activity, "build-error", "was not declared in this scope");
    EXPECT_THAT(activity.dump(), Not(HasSubstr(temporary().string()))) << "bare file names only";
}

TEST_F(CliTest, ASubmissionIsFoundWhereItLiesAndThatIsSaid) {
    const std::string work = read(source / "graders/01-heap-growth/solution/heap_growth.cpp");
    const fs::path place = folder() / "Doe \xc3\xbc\x1b";
    write(place / "__MACOSX/._heap_growth.cpp", "Mac OS X");
    write(place / "lab/Heap_Growth (1).CPP", work);
    const json activity = grade_activity(1, place, 0);
    EXPECT_EQ(activity.at("score"), 100);
    ASSERT_EQ(activity.at("notes").size(), 1U);
    EXPECT_EQ(activity.at("notes")[0],
              "heap_growth.cpp was taken from lab/Heap_Growth (1).CPP; its place is "
              "01-heap-growth/heap_growth.cpp.");
    const Ended alone = vmlab({"grade", "--submission", (place / "lab/Heap_Growth (1).CPP").string()});
    EXPECT_EQ(alone.status.code, 0) << alone.err;
    EXPECT_THAT(alone.out, HasSubstr("100/100"));
    EXPECT_THAT(alone.out, HasSubstr("note: heap_growth.cpp was taken from Heap_Growth (1).CPP"));

    write(place / "b/heap_growth.cpp", work + "// once more\n");
    write(place / "c/heap_growth.cpp", work);
    const json several = grade_activity(1, place, 1);
    for (const json& check : several.at("checks")) {
        EXPECT_EQ(check.at("reason"), "missing-file");
        EXPECT_EQ(check.at("card").at("observed"), "it is missing, and 2 files could be meant");
        EXPECT_EQ(check.at("card").at("evidence"), "b/heap_growth.cpp\nc/heap_growth.cpp");
    }
}

TEST_F(CliTest, ASourceInAnotherEncodingSaysSo) {
    const std::string work = read(source / "graders/01-heap-growth/solution/heap_growth.cpp");
    std::string wide = "\xff\xfe";
    for (const char byte : work) {
        wide += {byte, '\0'};
    }
    const fs::path place = folder() / "mine";
    write(place / "heap_growth.cpp", wide);
    const json odd = grade_activity(1, place, 1);
    for (const json& check : odd.at("checks")) {
        EXPECT_EQ(check.at("reason"), "build-error");
        EXPECT_THAT(check.at("card").at("observed").get<std::string>(),
                    HasSubstr("heap_growth.cpp is UTF-16: save it as UTF-8"));
    }
}

TEST_F(CliTest, LinesThatEndWithCrAloneAreAsGood) {  // g++ takes them for lines
    std::string work = read(source / "graders/01-heap-growth/solution/heap_growth.cpp");
    std::replace(work.begin(), work.end(), '\n', '\r');
    write(folder() / "mine/heap_growth.cpp", work);
    EXPECT_EQ(grade_activity(1, folder() / "mine", 0).at("score"), 100);
}

TEST_F(CliTest, WhatRootRestoresBelongsToTheOwnerOfTheFolder) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can give files away";
    }
    work_on_a_copy();
    const fs::path own = copy() / "activities/01-heap-growth";
    write(own / "heap_growth.cpp", "mine");
    ASSERT_EQ(::chown(own.c_str(), 65534, 65534), 0);
    ASSERT_EQ(::chown(folder().c_str(), 65534, 65534), 0);
    EXPECT_EQ(vmlab({"reset", "1"}).status.code, 0);
    EXPECT_EQ(vmlab({"hint", "1"}).status.code, 0);
    std::vector<fs::path> made = {own / "heap_growth.cpp", own / "heap_growth.cpp.backup-1",
                                  folder() / "state"};
    for (const auto& entry : fs::recursive_directory_iterator(folder() / "state")) {
        made.push_back(entry.path());
    }
    EXPECT_GT(made.size(), 4U);
    for (const fs::path& each : made) {
        struct stat facts {};
        ASSERT_EQ(::lstat(each.c_str(), &facts), 0) << each;
        EXPECT_EQ(facts.st_uid, 65534U) << each;
        EXPECT_EQ(facts.st_gid, 65534U) << each;
    }
    ASSERT_EQ(::chown(folder().c_str(), 0, 0), 0);
}

TEST_F(CliTest, AnswersThatAreNoTomlAreShownWithTheirLine) {
    const fs::path place = submission({"02-leaks", Kind::solution, {}});
    write(place / "02-leaks/answers.toml", "[starter]\ndefinitely_lost_bytes = = 4\n");
    const json activity = grade_activity(2, place, 1);
    int told = 0;
    for (const json& check : activity.at("checks")) {
        if (check.at("outcome") == "failed") {
            EXPECT_EQ(check.at("reason"), "wrong-result") << check;
            EXPECT_THAT(check.at("card").dump(), HasSubstr("answers.toml")) << check;
            EXPECT_THAT(check.at("card").dump(), HasSubstr("line 2")) << check;
            ++told;
        }
    }
    EXPECT_GT(told, 0);
    EXPECT_GT(activity.at("score"), 0) << "the program is judged all the same";
}

// ---- Signals

TEST_F(CliTest, ASignalInTheMiddleOfGradingEndsItQuicklyAndLeavesNothing) {
    const fs::path place = submission({"03-oom", Kind::solution, {}});
    const std::vector<std::pair<int, std::chrono::milliseconds>> signals = {
        {SIGINT, 30ms}, {SIGTERM, 700ms}, {SIGHUP, 1500ms}, {SIGTERM, 2200ms}};
    for (const auto& [signal, delay] : signals) {
        SCOPED_TRACE(fmt::format("signal {} after {} ms", signal, delay.count()));
        Running running(command({"grade", "3", "--submission", place.string()}));
        for (int i = 0; i < 400 && entries_of(temporary()).empty(); ++i) {
            running.let_run(10ms);
        }
        running.let_run(delay);
        const auto sent = std::chrono::steady_clock::now();
        running.send(signal);
        const Ended ended = finish(running);
        EXPECT_LT(std::chrono::steady_clock::now() - sent, 60s);
        if (signal == SIGINT || !ended.status.code) {  // else this machine had graded it all by then
            EXPECT_TRUE(ended.status.killed_by(signal)) << ended.status.describe() << ended.err;
            EXPECT_EQ(ended.out, "") << "nothing half-written";
        }
        EXPECT_TRUE(all_gone(20s)) << "a process outlived vmlab";
        EXPECT_THAT(entries_of(temporary()), ::testing::IsEmpty());
        EXPECT_EQ(arena::remove_stale_arenas(), 0);
    }
}

}  // namespace
}  // namespace vmlab::cli_tests
