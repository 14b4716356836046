#include "vmlab/grading/verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <functional>

namespace vmlab::grading {
namespace {

using process::Ending;
using ::testing::HasSubstr;

Verdict verdict_of_check(const std::function<void()>& action) {
    try {
        action();
    } catch (const Verdict& verdict) {
        return verdict;
    }
    ADD_FAILURE() << "no verdict";
    return {OutcomeKind::passed, std::nullopt, {}};
}

process::Run run_that(Ending ending, process::ExitStatus status) {
    process::Run run;
    run.ending = ending;
    run.status = status;
    run.out = "a line\n";
    return run;
}

const process::ExitStatus exit_0{0, std::nullopt};

TEST(VerdictTest, TextIsTheCard) {
    const Verdict verdict = verdict_of_check([] {
        fail({"five", "four\nlines", "row", "because", "count"});
    });
    EXPECT_EQ(verdict.kind(), OutcomeKind::failed);
    EXPECT_EQ(verdict.reason(), Reason::wrong_result);
    EXPECT_THAT(verdict.what(), HasSubstr("failed (wrong-result)"));
    EXPECT_THAT(verdict.what(), HasSubstr("expected  five"));
    EXPECT_THAT(verdict.what(), HasSubstr("four\n            lines"));
}

TEST(VerdictTest, ErrorsAtABoundaryAreNeverTheStudents) {
    using process::ErrorKind;
    const Verdict lacking = verdict_of_check([] {
        raise({ErrorKind::machine_lacks, "no valgrind", "apt-get install valgrind"});
    });
    EXPECT_EQ(lacking.kind(), OutcomeKind::cannot_judge);
    EXPECT_EQ(lacking.card().observed, "no valgrind");
    EXPECT_EQ(lacking.card().next, "apt-get install valgrind");
    const Verdict broken = verdict_of_check([] { raise({ErrorKind::failed, "disk full", ""}); });
    EXPECT_EQ(broken.kind(), OutcomeKind::grader_error);
    EXPECT_FALSE(broken.reason());
}

TEST(VerdictTest, ValueOrVerdict) {
    EXPECT_EQ(value_or_verdict(process::Result<int>(7)), 7);
    EXPECT_EQ(verdict_of_check([] { (void)value_or_verdict<int>(process::machine_lacks("x", "y")); }).kind(),
              OutcomeKind::cannot_judge);
}

TEST(VerdictTest, AnExitIsExpected) {
    EXPECT_NO_THROW(expect_exit(run_that(Ending::finished, {3, std::nullopt}), "running it"));
    EXPECT_NO_THROW(expect_exit_status(run_that(Ending::finished, exit_0), 0, "running it"));
}

TEST(VerdictTest, AnotherExitStatusIsAWrongResult) {
    const Verdict verdict = verdict_of_check([] {
        expect_exit_status(run_that(Ending::finished, {1, std::nullopt}), 0, "running it");
    });
    EXPECT_EQ(verdict.reason(), Reason::wrong_result);
    EXPECT_EQ(verdict.card().expected, "exit status 0");
    EXPECT_THAT(verdict.card().observed, HasSubstr("while running it"));
    EXPECT_THAT(verdict.card().evidence, HasSubstr("a line"));
}

TEST(VerdictTest, EveryUnexpectedEndingHasItsReason) {
    const auto reason = [](Ending ending, process::ExitStatus status) {
        return verdict_of_check([&] { expect_exit(run_that(ending, status), "running it"); }).reason();
    };
    const auto signal = [](int number) { return process::ExitStatus{std::nullopt, number}; };
    EXPECT_EQ(reason(Ending::timed_out, signal(SIGKILL)), Reason::timed_out);
    EXPECT_EQ(reason(Ending::finished, signal(SIGXCPU)), Reason::timed_out);
    EXPECT_EQ(reason(Ending::output_limit, signal(SIGKILL)), Reason::output_limit);
    EXPECT_EQ(reason(Ending::finished, signal(SIGXFSZ)), Reason::output_limit);
    EXPECT_EQ(reason(Ending::finished, signal(SIGSEGV)), Reason::crashed);
    EXPECT_EQ(reason(Ending::finished, signal(SIGABRT)), Reason::crashed);
    EXPECT_EQ(reason(Ending::finished, signal(SIGKILL)), Reason::crashed);
}

TEST(VerdictTest, ARunThatTheGraderStoppedIsTheGradersFault) {
    const Verdict verdict = verdict_of_check([] {
        expect_exit(run_that(Ending::stopped, {std::nullopt, SIGKILL}), "running it");
    });
    EXPECT_EQ(verdict.kind(), OutcomeKind::grader_error);
}

TEST(VerdictTest, ExcerptCountsWhatItLeavesOut) {
    EXPECT_EQ(excerpt("one\ntwo\n"), "one\ntwo");
    EXPECT_EQ(excerpt("one\ntwo\nthree\n", 2), "one\ntwo\n… and 1 more line");
    EXPECT_EQ(excerpt("one\ntwo\nthree\nfour", 2), "one\ntwo\n… and 2 more lines");
    EXPECT_EQ(excerpt(""), "");
}

TEST(VerdictTest, ExcerptShowsControlCharactersAndBrokenUtf8) {
    EXPECT_EQ(excerpt("\x1b[31mred\x07"), "\\x1b[31mred\\x07");
    EXPECT_EQ(excerpt(std::string_view("a\0b", 3)), "a\\x00b");
    EXPECT_EQ(excerpt("a\tb\r"), "a\\tb\\x0d");
    EXPECT_EQ(excerpt("gr\xc3\xbc\xc3\x9f"), "grüß");
    EXPECT_EQ(excerpt("\xff\xc3("), "\\xff\\xc3(");
    EXPECT_EQ(excerpt("\xc0\xaf \xed\xa0\x80"), "\\xc0\\xaf \\xed\\xa0\\x80");
    EXPECT_EQ(excerpt("\xc2\x9b"), "\\xc2\\x9b") << "a control character of ISO 8859";
    EXPECT_EQ(excerpt("\xe2\x82"), "\\xe2\\x82") << "cut off";
}

TEST(VerdictTest, ExcerptCutsLongLines) {
    const std::string shown = excerpt(std::string(1000, 'x'));
    EXPECT_LT(shown.size(), 200U);
    EXPECT_THAT(shown, HasSubstr("…"));
}

}  // namespace
}  // namespace vmlab::grading
