#include "vmlab/grading/build.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "grading/lab/build_card.hpp"
#include "grading/lab/scratch_folder.hpp"
#include "vmlab/evidence/elf.hpp"

namespace vmlab::grading {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using testing_tools::ScratchFolder;

class BuildTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto sandbox =
            process::Sandbox::open(process::TierChoice::automatic, VMLAB_SUPPORT_DIR, scratch_.path());
        if (!sandbox) {
            GTEST_SKIP() << sandbox.error().what;
        }
        sandbox_.emplace(std::move(*sandbox));
    }

    BuildOutcome outcome_of(const std::string& text, const BuildOptions& options = {}) {
        const fs::path source = scratch_.write("source/it.cpp", text);
        auto outcome = build(*sandbox_, source, "it", scratch_.path(), options);
        EXPECT_TRUE(outcome) << outcome.error().what;
        return outcome.value_or(BuildOutcome{});
    }

    ScratchFolder scratch_;
    std::optional<process::Sandbox> sandbox_;
};

TEST_F(BuildTest, BuildsAProgramThatRuns) {
    const BuildOutcome outcome =
        outcome_of("#include <fmt/core.h>\nint main() { fmt::print(\"{}\\n\", 6 * 7); }\n");
    ASSERT_TRUE(outcome.succeeded) << outcome.messages;
    EXPECT_EQ(outcome.messages, "");
    EXPECT_EQ(outcome.program.source, "it.cpp");
    EXPECT_TRUE(evidence::read_elf(outcome.program.executable).value().has_debug_lines);
    process::Job job;
    job.argv.push_back(outcome.program.executable.string());
    job.readable = {outcome.program.executable.parent_path()};
    EXPECT_EQ(sandbox_->run(job).value().out, "42\n");
}

TEST_F(BuildTest, ProgramCanRunAtOnceWhileOtherThreadsStartChildren) {
    // Between fork(2) and execve(2) a child holds whatever its parent has open. A program that somebody has
    // open for writing cannot be executed (ETXTBSY).
    std::jthread rival([](const std::stop_token& stop) {
        std::vector<pid_t> children;
        while (!stop.stop_requested() && children.size() < 500) {
            const pid_t child = ::fork();
            if (child == 0) {
                ::usleep(500'000);
                ::_exit(0);
            }
            children.push_back(child);
            ::usleep(2000);
        }
        for (const pid_t child : children) {
            ::waitpid(child, nullptr, 0);
        }
    });
    const BuildOutcome outcome =
        outcome_of("int large[10'000'000] = {7};\nint main() { return large[0]; }\n");
    ASSERT_TRUE(outcome.succeeded) << outcome.messages;
    process::Job job;
    job.argv.push_back(outcome.program.executable.string());
    job.readable = {outcome.program.executable.parent_path()};
    const auto run = sandbox_->run(job);
    ASSERT_TRUE(run) << run.error().what;
    EXPECT_TRUE(run->status.exited_with(7)) << run->describe();
}

TEST_F(BuildTest, UsesThePrecompiledHeader) {
    // -H lists what is read; '!' marks a precompiled header that was taken.
    const BuildOutcome outcome = outcome_of("#include <fmt/core.h>\nint main() {}\n", {true, {"-H"}});
    ASSERT_TRUE(outcome.succeeded);
    EXPECT_THAT(outcome.messages, HasSubstr("! "));
}

TEST_F(BuildTest, LeavesOutDebuggingInformation) {
    const BuildOutcome outcome = outcome_of("int main() {}\n", {false, {}});
    ASSERT_TRUE(outcome.succeeded) << outcome.messages;
    EXPECT_FALSE(evidence::read_elf(outcome.program.executable).value().has_debug_lines);
    EXPECT_EQ(outcome.command, "g++ -std=c++20 -O0 -Wall -Wextra it.cpp -o it -lfmt");
}

TEST_F(BuildTest, MessagesCarryBareFileNames) {
    const BuildOutcome outcome = outcome_of("int main() { return x; }\n");
    EXPECT_FALSE(outcome.succeeded);
    EXPECT_THAT(outcome.messages, HasSubstr("it.cpp:1:21: error: "));
    EXPECT_THAT(outcome.messages, Not(HasSubstr(scratch_.path().string())));
    const Card card = build_error_card("it.cpp", outcome);
    EXPECT_THAT(card.expected, HasSubstr("g++ -std=c++20 -g -O0 -Wall -Wextra it.cpp -o it -lfmt"));
    EXPECT_THAT(card.evidence, ::testing::StartsWith("it.cpp:1:21: error: "));
    EXPECT_EQ(card.next, outcome.command);
}

TEST_F(BuildTest, SeesNothingButTheSource) {
    const fs::path secret = scratch_.write("secret.hpp", "#define SECRET 1\n");
    EXPECT_FALSE(outcome_of("#include \"" + secret.string() + "\"\nint main() {}\n").succeeded);
    EXPECT_FALSE(
        outcome_of("#include \"" VMLAB_SOURCE_DIR "/graders/01-heap-growth/solution/heap_growth.cpp\"\n")
            .succeeded);
    EXPECT_FALSE(outcome_of("asm(\".incbin \\\"/etc/shadow\\\"\");\nint main() {}\n").succeeded);
}

TEST_F(BuildTest, AMisspeltHeaderIsTheStudentsMistakeNotTheMachines) {
    EXPECT_FALSE(outcome_of("#error fmt/core.h: No such file\nint main() {}\n").succeeded);
}

TEST_F(BuildTest, EndlessMessagesAreCapped) {
    const BuildOutcome outcome =
        outcome_of("template <int N> struct S { S<N + 1> next; };\nS<0> s;\nint main() {}\n");
    EXPECT_FALSE(outcome.succeeded);
    EXPECT_LT(outcome.messages.size(), 20'000U);
}

TEST_F(BuildTest, ALinkerErrorIsShown) {
    const BuildOutcome outcome = outcome_of("void nowhere();\nint main() { nowhere(); }\n");
    EXPECT_FALSE(outcome.succeeded);
    EXPECT_THAT(build_error_card("it.cpp", outcome).evidence,
                HasSubstr("undefined reference to `nowhere()'"));
}

TEST(BuildCardTest, AnEncodingThatNoCompilerReadsIsNamed) {
    BuildOutcome outcome;
    outcome.messages = "it.cpp:1:1: error: stray ‘\\377’ in program\n";
    EXPECT_THAT(build_error_card("it.cpp", outcome, "\xff\xfei").observed,
                HasSubstr("it.cpp is UTF-16: save it as UTF-8"));
    EXPECT_THAT(build_error_card("it.cpp", outcome, "int a;\nint \xe9;\n").observed,
                HasSubstr("it.cpp, line 2 holds the byte E9, which is no UTF-8: save it as UTF-8"));
    outcome.messages = "it.cpp:2:1: error: expected ‘;’\n";
    EXPECT_EQ(build_error_card("it.cpp", outcome, "// \xe9\nint a\n").observed, "it does not compile")
        << "a comment in another encoding is not why";
}

TEST(BuildCardTest, ACompilerThatWasStoppedIsSaidSo) {
    BuildOutcome outcome;
    outcome.messages = "g++: still running after 60 s, so it was stopped\n";
    EXPECT_THAT(build_error_card("it.cpp", outcome).observed, HasSubstr("still running after 60 s"));
}

}  // namespace
}  // namespace vmlab::grading
