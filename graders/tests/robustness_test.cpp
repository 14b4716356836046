// Wrong tools and odd machines: vmlab grade where something is missing, forbidden, full or unusual. Each ends
// in the right verdict, or in one that says what is missing and what to do about it; nothing is left behind.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <iostream>
#include <random>
#include <regex>

#include "cli_fixture.hpp"
#include "machine_change.hpp"

namespace vmlab::cli_tests {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class RobustnessTest : public CliTest {
  protected:
    /// What grading the reference solution of an activity came to, on the changed machine. Nothing (and said
    /// so) where the machine cannot be changed so.
    [[nodiscard]] std::optional<json> grade(const std::function<bool()>& prepare, int number = 1,
                                            const std::vector<std::string>& options = {}) {
        const corpus::Case each{number == 1 ? "01-heap-growth" : "03-oom", corpus::Kind::solution, {}};
        Command grade = command(
            {"grade", std::to_string(number), "--submission", submission(each).string(), "--format", "json"});
        grade.argv.insert(grade.argv.end(), options.begin(), options.end());
        grade.argv.front() = program_;
        grade.prepare = prepare;
        ended_ = run(grade);
        if (ended_.status.code == cannot_prepare) {
            std::cout
                << "cannot judge on this machine: robustness: not allowed to change the machine for one "
                   "process\n";
            return std::nullopt;
        }
        json result = json::parse(ended_.out, nullptr, false);
        EXPECT_FALSE(result.is_discarded()) << ended_.status.describe() << ended_.out << ended_.err;
        return result.is_discarded() ? std::nullopt : std::optional(result);
    }

    /// Full points: the change changes nothing.
    void expect_right(const std::function<bool()>& prepare) {
        if (const auto result = grade(prepare)) {
            EXPECT_EQ(result->at("score"), 100) << result->dump(1);
            EXPECT_EQ(ended_.status.code, 0) << ended_.err;
        }
    }

    /// No check fails: the submission is right. Those that are not judged say what is missing and what to do
    /// (regular expressions). Returns how many they are.
    int expect_no_failure(const json& result, const std::string& missing, const std::string& fix) const {
        int not_judged = 0;
        for (const json& check : result.at("activities").at(0).at("checks")) {
            if (check.at("outcome") == "passed") {
                continue;
            }
            ++not_judged;
            EXPECT_TRUE(check.at("outcome") == "cannot-judge" || check.at("outcome") == "grader-error")
                << check.dump(1);
            const auto observed = check.at("card").at("observed").get<std::string>();
            const auto next = check.at("card").at("next").get<std::string>();
            EXPECT_TRUE(std::regex_search(observed, std::regex(missing))) << observed;
            EXPECT_TRUE(std::regex_search(next, std::regex(fix))) << next;
        }
        const int status = ended_.status.code.value_or(-1);
        EXPECT_TRUE(not_judged == 0 ? status == 0 : status == 3 || status == 4) << ended_.status.describe();
        return not_judged;
    }
    void expect_not_judged(const json& result, const std::string& missing, const std::string& fix) const {
        EXPECT_GT(expect_no_failure(result, missing, fix), 0) << result.dump(1);
    }

    /// Of /usr/bin: a script. Returns the folder of all of them, to be laid over.
    [[nodiscard]] fs::path script(const std::string& name, const std::string& text) const {
        const fs::path file = folder() / "bin" / name;
        write(file, "#!/bin/sh\n" + text);
        fs::permissions(file, fs::perms(0755));
        return file.parent_path();
    }

    Ended ended_;
    std::string program_ = VMLAB_COMMAND;
};

// ---- Instruments

TEST_F(RobustnessTest, WithoutValgrindItNamesThePackage) {
    if (const auto result = grade(
            [] { return take_own_mounts() && hide("/usr/bin/valgrind") && hide("/usr/bin/valgrind.bin"); })) {
        expect_not_judged(*result, "valgrind is not installed", "apt-get install valgrind");
    }
}

TEST_F(RobustnessTest, AValgrindThatCannotStartIsTheMachinesFault) {
    fs::path tool;
    for (const char* place :
         {"/usr/libexec/valgrind", "/usr/lib/x86_64-linux-gnu/valgrind", "/usr/lib/valgrind"}) {
        const fs::path file = fs::path(place) / "memcheck-amd64-linux";
        tool = fs::exists(file) ? file : tool;
    }
    if (tool.empty()) {
        GTEST_SKIP() << "Memcheck's own program is not where it is looked for";
    }
    if (const auto result = grade([tool] { return take_own_mounts() && hide(tool); })) {
        expect_not_judged(*result, "valgrind.* --version: .*failed to start tool", "reinstall valgrind");
    }
}

TEST_F(RobustnessTest, AValgrindThatDoesNotGetToTheProgramIsTheMachinesFault) {
    const fs::path broken = script("valgrind",
                                   "[ \"$1\" != --version ] || { echo 'valgrind-3.19.0'; exit 0; }\n"
                                   "echo 'valgrind:  Fatal error at startup: a function redirection' >&2\n"
                                   "exit 1\n");
    if (const auto result = grade([broken] {
            return take_own_mounts() && lay_over("/usr/bin", broken) && hide("/usr/bin/valgrind.bin");
        })) {
        expect_not_judged(*result, "Valgrind could not start the program: .*Fatal error at startup",
                          "reinstall valgrind");
    }
}

TEST_F(RobustnessTest, WithoutStraceItNamesThePackage) {
    if (const auto result = grade([] { return take_own_mounts() && hide("/usr/bin/strace"); })) {
        expect_not_judged(*result, "strace is not installed", "apt-get install strace");
    }
}

TEST_F(RobustnessTest, AValgrindThatIsAScriptIsAsGood) {
    // Debian's valgrind is one around valgrind.bin. This one is around a program of another name.
    const fs::path files = script("valgrind", "exec /usr/bin/valgrind-listener \"$@\"\n");
    if (!fs::exists("/usr/bin/valgrind.bin")) {
        GTEST_SKIP() << "not Debian's Valgrind";
    }
    fs::copy_file("/usr/bin/valgrind.bin", files / "valgrind-listener");
    expect_right([files] {
        return take_own_mounts() && lay_over("/usr/bin", files) && hide("/usr/bin/valgrind.bin");
    });
}

TEST_F(RobustnessTest, WhereStraceMayNotTraceItSaysHowToAllowIt) {
    const fs::path forbidden =
        script("strace",
               "[ \"$1\" != --version ] || { echo 'strace -- version 6.1'; exit 0; }\n"
               "echo 'strace: attach: ptrace(PTRACE_SEIZE, 12): Operation not permitted' >&2\n"
               "exit 1\n");
    if (const auto result =
            grade([forbidden] { return take_own_mounts() && lay_over("/usr/bin", forbidden); })) {
        expect_not_judged(*result, "strace may not trace here", "SYS_PTRACE");
    }
}

TEST_F(RobustnessTest, WithoutATierNothingIsGradedUnlessThatIsAskedFor) {
    const fs::path place = temporary();
    fs::permissions(place, fs::perms(0777));
    const auto prepare = [] { return take_own_mounts() && hide("/usr/bin/bwrap") && become_ordinary(); };
    if (const auto result = grade(prepare)) {
        const int checks = static_cast<int>(result->at("activities").at(0).at("checks").size());
        EXPECT_EQ(expect_no_failure(*result, "bwrap is not installed", "apt-get install bubblewrap"), checks)
            << result->dump(1);
        EXPECT_EQ(result->at("score"), 0);
        EXPECT_EQ(ended_.status.code, 3) << "a score that is no score must not look like one";
        EXPECT_THAT(result->at("environment").at("isolation"), ::testing::HasSubstr("unavailable"));
    }
    if (const auto result = grade(prepare, 1, {"--isolation", "none"})) {
        EXPECT_EQ(result->at("score"), 100) << result->dump(1);
        EXPECT_EQ(result->at("environment").at("isolation"), "none");
    }
}

// ---- The compiler. Each of these machines cannot build a program that is right.

TEST_F(RobustnessTest, ACompilerThatLacksItsOwnPartIsTheMachinesFault) {
    fs::path part;
    for (const auto& folder : fs::directory_iterator("/usr/lib/gcc/x86_64-linux-gnu")) {
        part = fs::exists(folder.path() / "cc1plus") ? folder.path() / "cc1plus" : part;
    }
    if (part.empty()) {
        GTEST_SKIP() << "cc1plus is not where it is looked for";
    }
    if (const auto result = grade([part] { return take_own_mounts() && hide(part); })) {
        expect_not_judged(*result, "cc1plus", "apt-get install --reinstall g\\+\\+");
    }
}

TEST_F(RobustnessTest, MissingHeadersAreNamedWithTheirPackage) {
    if (const auto result = grade([] { return take_own_mounts() && make_small("/usr/include/c++", "4k"); })) {
        expect_not_judged(*result, "the header <[a-z]+> is missing", "libstdc\\+\\+-[0-9]+-dev");
    }
}

/// What a script in the place of g++ ends with when it is to be as good as that.
constexpr const char* as_the_real_one = "exec /usr/bin/gcc \"$@\" -lstdc++ -lm\n";

TEST_F(RobustnessTest, ACompilerWithoutCpp20IsTheMachinesFault) {
    const fs::path old = script(
        "g++",
        "[ \"$1\" != --version ] || { echo 'g++ 7.5.0'; exit 0; }\n"
        "echo \"g++: error: unrecognized command line option '-std=c++20'; did you mean '-std=c++2a'?\" >&2\n"
        "exit 1\n");
    if (const auto result = grade([old] { return take_own_mounts() && lay_over("/usr/bin", old); })) {
        expect_not_judged(*result, "does not know C\\+\\+20", "g\\+\\+ 10 or newer");
    }
}

TEST_F(RobustnessTest, ACompilerThatIsAlwaysKilledIsTheMachinesFault) {
    const fs::path killed = script("g++",
                                   "[ \"$1\" != --version ] || { echo 'g++ 12.2.0'; exit 0; }\n"
                                   "echo 'g++: fatal error: Killed signal terminated program cc1plus' >&2\n"
                                   "echo 'compilation terminated.' >&2\nexit 1\n");
    if (const auto result = grade([killed] { return take_own_mounts() && lay_over("/usr/bin", killed); })) {
        expect_not_judged(*result, "kills g\\+\\+", "more memory");
    }
}

TEST_F(RobustnessTest, ACompilerThatIsKilledForThisProgramAloneIsTheMachinesFault) {
    // The known-good program needs less memory than this submission: that it compiles proves nothing.
    const fs::path killed =
        script("g++", std::string() +
                          "case \"$*\" in\n*heap_growth.cpp*)\n"
                          "    echo 'g++: fatal error: Killed signal terminated program cc1plus' >&2\n"
                          "    echo 'compilation terminated.' >&2\n    exit 1;;\nesac\n" +
                          as_the_real_one);
    if (const auto result = grade([killed] { return take_own_mounts() && lay_over("/usr/bin", killed); })) {
        expect_not_judged(*result, "killed twice", "more memory");
    }
}

TEST_F(RobustnessTest, ACompilerThatIsKilledOnceIsAskedAgain) {
    // What was compiled beside it took the memory. The sign that it was is left beside the program.
    const fs::path killed =
        script("g++", std::string() +
                          "for word; do case $word in */heap_growth) out=${word%/*};; esac; done\n"
                          "if [ -n \"$out\" ] && [ ! -e \"$out/tried\" ]; then\n    : >\"$out/tried\"\n"
                          "    echo 'g++: fatal error: Killed signal terminated program cc1plus' >&2\n"
                          "    exit 1\nfi\n" +
                          as_the_real_one);
    expect_right([killed] { return take_own_mounts() && lay_over("/usr/bin", killed); });
}

TEST_F(RobustnessTest, ATemporaryFolderThatTheRunsUserCannotEnterIsSaidSo) {
    const fs::path place = temporary();
    fs::permissions(place, fs::perms(0700));
    if (const auto result = grade([] { return true; }, 1, {"--isolation", "separate-user"});
        result && geteuid() == 0) {
        expect_not_judged(*result, "cannot get to", "TMPDIR");
    }
    fs::permissions(place, fs::perms(0755));
}

TEST_F(RobustnessTest, ATemporaryFolderWithoutExecutionIsSaidSo) {
    const fs::path place = temporary();
    if (const auto result = grade([place] { return take_own_mounts() && forbid_execution(place); })) {
        expect_not_judged(*result, "mounted with noexec", "TMPDIR");
    }
}

TEST_F(RobustnessTest, ALowLimitIsNamedWithTheCommandThatLiftsIt) {
    program_ = (fs::path(VMLAB_CORPUS_GRADERS).parent_path() / "vmlab").string();
    if (!fs::exists(program_)) {
        GTEST_SKIP() << "AddressSanitizer needs more than that limit, and there is no vmlab without it";
    }
    if (const auto result = grade([] { return limit(RLIMIT_AS, 1U << 30U); })) {
        expect_not_judged(*result, "1024 MiB of address space", "ulimit -v unlimited");
    }
}

// ---- What the environment holds

TEST_F(RobustnessTest, NothingInTheEnvironmentChangesAVerdict) {
    const fs::path starter = submission({"01-heap-growth", corpus::Kind::starter, {}});
    const std::vector<std::string> grade = {"grade",          "1",        "--submission",
                                            starter.string(), "--format", "json"};
    const auto outcomes_of = [&] {
        const Ended ended = vmlab(grade);
        EXPECT_EQ(ended.status.code, 1) << ended.err;
        const json result = json::parse(ended.out, nullptr, false);
        std::string outcomes;
        if (!result.is_discarded()) {
            for (const json& check : result.at("activities").at(0).at("checks")) {
                outcomes += check.at("name").get<std::string>() + " " + check.at("outcome").dump() + "\n";
            }
        }
        return outcomes;
    };
    const std::string expected = outcomes_of();
    const std::map<std::string, std::string> others = {
        {"GTEST_FILTER", "*PrintsAnswers"},
        {"GTEST_TOTAL_SHARDS", "8"},
        {"GTEST_SHARD_INDEX", "3"},
        {"GTEST_REPEAT", "2"},
        {"GTEST_SHUFFLE", "1"},
        {"GTEST_BREAK_ON_FAILURE", "1"},
        {"GTEST_CATCH_EXCEPTIONS", "0"},
        {"GTEST_FAIL_FAST", "1"},
        {"TESTBRIDGE_TEST_ONLY", "Nothing.*"},
        {"MALLOC_PERTURB_", "85"},
        {"GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=1"},
        {"LD_BIND_NOW", "1"},
        {"LANG", "de_DE.UTF-8"},
        {"TZ", "Asia/Tokyo"},
        {"VALGRIND_OPTS", "--tool=none"},
        {"GCC_EXEC_PREFIX", "/nowhere/"},
        {"COMPILER_PATH", "/nowhere"},
        {"CPATH", "/nowhere"},
        {"CPLUS_INCLUDE_PATH", "/nowhere"},
        {"LIBRARY_PATH", "/nowhere"},
        {"SOURCE_DATE_EPOCH", "x"},
        {"DEBUGINFOD_URLS", "http://127.0.0.1:1/"},
    };
    environment.insert(others.begin(), others.end());
    environment["LANG"] = "de_DE.UTF-8";
    EXPECT_EQ(outcomes_of(), expected);
}

TEST_F(RobustnessTest, AGraderStartedByHandDropsWhatGoogleTestReadsFromTheEnvironment) {
    Command by_hand;
    by_hand.argv = {(fs::path(VMLAB_COMMAND).parent_path() / "graders/01-heap-growth-checks").string(),
                    "--submission", submission({"01-heap-growth", corpus::Kind::starter, {}}).string(),
                    "--result", (folder() / "by-hand.json").string()};
    by_hand.environment = environment;
    by_hand.environment["GTEST_FILTER"] = "*OneTest";
    by_hand.environment["GTEST_REPEAT"] = "2";
    by_hand.environment["GTEST_TOTAL_SHARDS"] = "4";
    by_hand.environment["GTEST_SHARD_INDEX"] = "1";
    const Ended ended = run(by_hand);
    EXPECT_EQ(ended.status.code, 1) << ended.err;
    const json result = json::parse(read(folder() / "by-hand.json"), nullptr, false);
    ASSERT_FALSE(result.is_discarded());
    EXPECT_EQ(result.at("max_score"), 100);
}

// ---- What the kernel gives

TEST_F(RobustnessTest, WithoutAWritableCgroupOnlyTheArenaIsMissing) {
    const auto prepare = [] { return take_own_mounts() && make_read_only("/sys/fs/cgroup"); };
    expect_right(prepare);
    if (const auto result = grade(prepare, 3, {"--arena", "cgroup1"})) {
        expect_not_judged(*result, "arena", ".");
    }
}

TEST_F(RobustnessTest, WithoutAKernelLogNoCheckFails) {
    const auto result = grade(
        [] {
            if (!take_own_mounts()) {
                return false;
            }
            for (const char* file : {"/dev/kmsg", "/usr/bin/journalctl", "/var/log/syslog",
                                     "/var/log/kern.log", "/var/log/messages"}) {
                if (!hide(file)) {
                    return false;
                }
            }
            return true;
        },
        3, {"--arena", "cgroup1"});
    if (result) {
        expect_no_failure(*result, ".", ".");
    }
}

TEST_F(RobustnessTest, AddressesThatAreAlwaysTheSameAreAsGood) {
    expect_right(switch_off_address_randomisation);
}

TEST_F(RobustnessTest, HugePagesMakeNoDifference) {
    expect_right(switch_off_huge_pages);
}

// ---- Files and limits

TEST_F(RobustnessTest, AReadOnlyCheckoutIsEnough) {
    expect_right([] { return take_own_mounts() && make_read_only(source); });
}

TEST_F(RobustnessTest, AFullDiskIsTheGradersFaultAndSaysSo) {
    for (const char* size : {"4k", "64k", "1m"}) {
        SCOPED_TRACE(size);
        const fs::path place = temporary();
        if (const auto result =
                grade([place, size] { return take_own_mounts() && make_small(place, size); })) {
            expect_no_failure(*result, "space left|disk is full", ".");
        }
    }
}

TEST_F(RobustnessTest, TooFewDescriptorsAreToldFromAWrongSubmission) {
    for (const rlim_t descriptors : {16U, 64U, 256U, 1000U}) {
        SCOPED_TRACE(descriptors);
        if (const auto result = grade([descriptors] { return limit(RLIMIT_NOFILE, descriptors); })) {
            expect_not_judged(*result, "only [0-9]+ files may be open", "ulimit -n 1024");
        }
    }
    if (const auto result = grade([] { return limit(RLIMIT_NOFILE, 8); })) {
        expect_not_judged(*result, "Too many open files", ".");
    }
}

TEST_F(RobustnessTest, ManyDescriptorsMakeNoDifference) {
    rlimit files{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
    expect_right([files] { return limit(RLIMIT_NOFILE, 1U << 20U) || limit(RLIMIT_NOFILE, files.rlim_max); });
}

// ---- What a person's surroundings are like

TEST_F(RobustnessTest, OddNamesAnotherLocaleAndNoTmpdirMakeNoDifference) {
    const fs::path odd = folder() / "Übung 1's \"$(touch x)\" `y`\n* \xff";
    fs::create_directories(odd);
    fs::copy(submission(solution_1), odd, fs::copy_options::recursive);
    environment.erase("TMPDIR");
    environment["LC_ALL"] = "de_DE.UTF-8";
    environment["LANGUAGE"] = "de";
    environment["TZ"] = "Asia/Kolkata";
    const Ended ended = vmlab({"grade", "1", "--submission", odd.string(), "--format", "json"});
    EXPECT_EQ(ended.status.code, 0) << ended.err;
    const json result = json::parse(ended.out, nullptr, false);
    ASSERT_FALSE(result.is_discarded());
    EXPECT_EQ(result.at("score"), 100);
    EXPECT_EQ(process::TemporaryFolder::remove_stale(), 0) << "files were left";
}

TEST_F(RobustnessTest, ASignalAtAnyMomentLeavesNothing) {
    const auto seed = std::random_device{}();
    std::cout << "random seed " << seed << '\n';
    std::mt19937 random(seed);
    const fs::path place = submission(solution_1);
    for (const int signal : {SIGINT, SIGTERM, SIGINT, SIGTERM, SIGINT, SIGTERM}) {
        const std::chrono::milliseconds delay(std::uniform_int_distribution<int>(0, 4000)(random));
        SCOPED_TRACE("signal " + std::to_string(signal) + " after " + std::to_string(delay.count()) + " ms");
        Running running(command({"grade", "1", "--submission", place.string(), "--format", "json"}));
        running.let_run(delay);
        running.send(signal);
        const Ended ended = finish(running);
        if (ended.status.code) {  // all had been graded by then
            EXPECT_EQ(*ended.status.code, 0) << ended.err;
            EXPECT_TRUE(json::accept(ended.out)) << ended.out;
        } else {
            EXPECT_TRUE(ended.status.killed_by(signal)) << ended.status.describe() << ended.err;
            EXPECT_TRUE(ended.out.empty() || json::accept(ended.out)) << "half-written: " << ended.out;
        }
        EXPECT_TRUE(all_gone(20s)) << "a process outlived vmlab";
        EXPECT_THAT(entries_of(temporary()), ::testing::IsEmpty());
    }
}

}  // namespace
}  // namespace vmlab::cli_tests
