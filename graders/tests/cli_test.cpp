// The vmlab command as a person uses it: the built executable, on submissions whose grade is known, in a
// temporary folder. Every test asserts on the exit status and on what is said, and none leaves a process, a
// file or an arena behind.

#include "command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <regex>
#include <sstream>
#include <thread>

#include "corpus.hpp"
#include "vmlab/arena/arena.hpp"
#include "vmlab/process/files.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::cli_tests {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using corpus::Case;
using corpus::Kind;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

const fs::path source = VMLAB_SOURCE_DIR;

/// Far above what anything takes on a machine that is busy with other things.
constexpr auto patience = 240s;

void write(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    std::ofstream stream(file);
    stream << text;
    ASSERT_TRUE(stream.flush()) << file;
}

std::string read(const fs::path& file) {
    const auto text = process::read_file(file);
    EXPECT_TRUE(text) << text.error().what;
    return text.value_or(std::string());
}

bool has_colour(const std::string& text) {
    return std::regex_search(text, std::regex("\x1b\\[[0-9;]*m"));
}

std::vector<fs::path> entries_of(const fs::path& folder) {
    std::vector<fs::path> entries;
    for (const auto& entry : fs::directory_iterator(folder)) {
        entries.push_back(entry.path());
    }
    return entries;
}

class CliTest : public ::testing::Test {
  protected:
    void SetUp() override {
        adopt_orphans();
        arena::remove_stale_arenas();  // of graders that others have killed
        auto made = process::TemporaryFolder::create();
        ASSERT_TRUE(made) << made.error().what;
        folder_ = std::make_unique<process::TemporaryFolder>(std::move(*made));
        fs::create_directory(temporary());
        environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"},
                       {"HOME", folder().string()},
                       {"XDG_STATE_HOME", (folder() / "state").string()},
                       {"TMPDIR", temporary().string()},
                       {"TERM", "xterm"},
                       {"LANG", "C.UTF-8"},
                       {"XDG_CACHE_HOME", cache()}};  // where scripts/setup --vm put the kernel
    }

    void TearDown() override {
        EXPECT_TRUE(all_gone(20s)) << "a process outlived vmlab";
        EXPECT_THAT(entries_of(temporary()), ::testing::IsEmpty()) << "files were left";
        EXPECT_EQ(arena::remove_stale_arenas(), 0) << "an arena was left";
    }

    [[nodiscard]] static std::string cache() {
        if (const char* const folder = std::getenv("XDG_CACHE_HOME")) {
            return folder;
        }
        const char* const home = std::getenv("HOME");
        return fs::path(home == nullptr ? "/" : home) / ".cache";
    }
    [[nodiscard]] const fs::path& folder() const { return folder_->path(); }
    /// TMPDIR of the command.
    [[nodiscard]] fs::path temporary() const { return folder() / "tmp"; }
    /// The checkout that the command works on after work_on_a_copy().
    [[nodiscard]] fs::path copy() const { return folder() / "checkout"; }

    [[nodiscard]] Command command(const std::vector<std::string>& arguments,
                                  Output output = Output::pipe) const {
        Command made;
        made.argv = {VMLAB_COMMAND};
        made.argv.insert(made.argv.end(), arguments.begin(), arguments.end());
        made.environment = environment;
        made.folder = folder();
        made.output = output;
        return made;
    }

    [[nodiscard]] static Ended finish(Running& running) {
        const auto ended = running.wait(patience);
        EXPECT_TRUE(ended) << "vmlab hangs";
        return ended.value_or(Ended{});
    }

    [[nodiscard]] static Ended run(const Command& command) {
        Running running(command);
        return finish(running);
    }

    [[nodiscard]] Ended vmlab(const std::vector<std::string>& arguments, Output output = Output::pipe) const {
        return run(command(arguments, output));
    }

    /// Lays a case of the corpus out as a submission and returns its folder.
    [[nodiscard]] fs::path submission(const Case& each) const {
        const fs::path into = folder() / "submission" / each.full_name();
        const auto activity = grading::load_activity(source / "activities" / each.activity);
        EXPECT_TRUE(activity);
        const auto laid_out = corpus::lay_out(each, source, *activity, into);
        EXPECT_TRUE(laid_out) << laid_out.error().what;
        return into;
    }

    /// Grades as JSON and returns the only activity.
    [[nodiscard]] json grade_activity(int number, const fs::path& submission, int expected_status) const {
        const Ended ended =
            vmlab({"grade", std::to_string(number), "--submission", submission.string(), "--format", "json"});
        EXPECT_EQ(ended.status.code, expected_status) << ended.err;
        const json result = json::parse(ended.out, nullptr, false);
        EXPECT_FALSE(result.is_discarded()) << ended.out;
        return result.is_discarded() ? json() : result.at("activities").at(0);
    }

    /// From now on vmlab works on a copy of the activities: what it changes is not this checkout.
    void work_on_a_copy() {
        fs::create_directories(copy());
        fs::copy(source / "activities", copy() / "activities", fs::copy_options::recursive);
        for (const std::string& activity : corpus::find_activities(source)) {
            fs::create_directories(copy() / "graders" / activity);
            fs::copy(source / "graders" / activity / "starter", copy() / "graders" / activity / "starter");
        }
        environment["VMLAB_ROOT"] = copy().string();
    }

    /// The reference solution takes the place of the starter in the copy.
    void solve_in_copy(const std::string& activity) const {
        fs::copy(source / "graders" / activity / "solution", copy() / "activities" / activity,
                 fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    }

    std::map<std::string, std::string> environment;

  private:
    std::unique_ptr<process::TemporaryFolder> folder_;
};

const Case solution_1{"01-heap-growth", Kind::solution, {}};

void expect_refusal(const Ended& ended, const std::string& what, const std::string& next) {
    EXPECT_EQ(ended.status.code, 2) << ended.out << ended.err;
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, HasSubstr(what));
    EXPECT_THAT(ended.err, HasSubstr(next));
    EXPECT_THAT(ended.err, ::testing::StartsWith("vmlab: "));
    EXPECT_LE(std::count(ended.err.begin(), ended.err.end(), '\n'), 3) << ended.err;
}

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
    EXPECT_THAT(ended.out, HasSubstr("0 of 500 points"));
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

TEST_F(CliTest, DoctorTriesEverythingAndSaysWhatIsMissing) {
    const Ended ended = vmlab({"doctor"});
    EXPECT_TRUE(ended.status.code == 0 || ended.status.code == 3) << ended.status.describe() << ended.err;
    for (const char* what : {"compiler", "Valgrind", "strace", "bubblewrap", "isolation: namespaces",
                             "isolation: separate-user", "building with fmt", "arena: cgroup2",
                             "arena: cgroup1", "arena: vm", "kernel log", "lowering oom_score_adj"}) {
        EXPECT_TRUE(std::regex_search(ended.out, std::regex(fmt::format("\n  (ok  |none) {} ", what))))
            << what << " in\n"
            << ended.out;
    }
    EXPECT_THAT(ended.out, HasSubstr(ended.status.code == 0 ? "Every check can be judged here"
                                                            : "Some checks cannot be judged here"));
    EXPECT_FALSE(has_colour(ended.out));
}

// ---- Grading

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

TEST_F(CliTest, GradingOnesOwnWorkFeedsTheDashboardAndResetTakesItBack) {
    work_on_a_copy();
    solve_in_copy("01-heap-growth");
    const std::string shipped = read(source / "activities/01-heap-growth/heap_growth.cpp");
    const std::string solved = read(source / "graders/01-heap-growth/solution/heap_growth.cpp");
    const fs::path own = copy() / "activities/01-heap-growth";

    EXPECT_EQ(vmlab({"grade", "1"}).status.code, 0);
    const Ended dashboard = vmlab({});
    EXPECT_THAT(dashboard.out, HasSubstr("100/100"));
    EXPECT_THAT(dashboard.out, HasSubstr("100 of 500 points"));
    EXPECT_THAT(dashboard.out, HasSubstr("Next:  read activities/02-leaks/README.md"));

    const Ended reset = vmlab({"reset", "1"});
    EXPECT_EQ(reset.status.code, 0) << reset.err;
    EXPECT_THAT(reset.out, HasSubstr("heap_growth.cpp is the starter again; your own is kept as "
                                     "heap_growth.cpp.backup-1"));
    EXPECT_EQ(read(own / "heap_growth.cpp"), read(source / "graders/01-heap-growth/starter/heap_growth.cpp"));
    EXPECT_EQ(read(own / "heap_growth.cpp.backup-1"), solved);
    EXPECT_THAT(vmlab({}).out, HasSubstr("0 of 500 points"));

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

// ---- On a terminal

TEST_F(CliTest, ColourOnATerminalOnly) {
    fs::create_directory(folder() / "empty");
    const std::vector<std::string> grade = {"grade", "1", "--submission", (folder() / "empty").string()};
    const Ended coloured = vmlab(grade, Output::terminal);
    EXPECT_EQ(coloured.status.code, 1) << coloured.out;
    EXPECT_TRUE(has_colour(coloured.out));
    EXPECT_THAT(coloured.out, HasSubstr("✗")) << "a UTF-8 locale";
    EXPECT_THAT(coloured.out, HasSubstr("Grading  01 0/8")) << "progress";
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
                   "not a file or an archive");
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

// ---- run

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
