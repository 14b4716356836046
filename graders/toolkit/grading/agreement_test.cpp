#include "vmlab/grading/agreement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>

#include "vmlab/grading/verdict.hpp"

namespace vmlab::grading {
namespace {

using ::testing::HasSubstr;

TEST(AgreementTest, AddressesMayDiffer) {
    EXPECT_FALSE(contradiction("0x55d1c0 4 MB\nup\n", "0x7FFF00aa 4 MB\nup\n"));
    EXPECT_FALSE(contradiction("", ""));
}

TEST(AgreementTest, OtherNumbersMayNot) {
    const auto found = contradiction("0x1 4 MB\n0x2 8 MB\n", "0x1 4 MB\n0x2 9 MB\n");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->line, 2U);
    EXPECT_EQ(found->first, "0x2 8 MB");
    EXPECT_EQ(found->second, "0x2 9 MB");
    EXPECT_TRUE(contradiction("0x55d1c0\n", "55d1c0\n"));
}

TEST(AgreementTest, NumbersMayDifferOnLinesThatVary) {
    const Apart apart{.varying = {"Process ID: "}};
    EXPECT_FALSE(contradiction("Process ID: 12\n", "Process ID: 345\n", apart));
    EXPECT_TRUE(contradiction("Process ID: 12\n", "Process ID: \n", apart));
    EXPECT_TRUE(contradiction("total: 12\n", "total: 345\n", apart));
}

TEST(AgreementTest, AMissingLineIsAContradiction) {
    const auto found = contradiction("a\nb\n", "a\n");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->line, 2U);
    EXPECT_EQ(found->second, "(no such line)");
    EXPECT_FALSE(contradiction("a\nb", "a\nb\n")) << "the end of the last line has a check of its own";
}

process::Run run_that_said(const std::string& out, int exit_status) {
    process::Run run;
    run.status = {exit_status, std::nullopt};
    run.out = out;
    return run;
}

std::optional<Verdict> verdict_on(const process::Run& first, const process::Run& second,
                                  const Agreement& agreement) {
    try {
        expect_agreement({"under strace", first}, {"with nobody watching", second}, agreement);
    } catch (const Verdict& verdict) {
        return verdict;
    }
    return std::nullopt;
}

TEST(AgreementTest, BothWitnessesAreInTheCard) {
    const process::Run watched = run_that_said("0x10\nheap grows up\n", 0);
    EXPECT_FALSE(verdict_on(watched, run_that_said("0x20\nheap grows up\n", 0), {}));

    const auto silent = verdict_on(watched, run_that_said("", 0), {});
    ASSERT_TRUE(silent);
    EXPECT_EQ(silent->kind(), OutcomeKind::failed);
    EXPECT_THAT(silent->card().evidence, HasSubstr("stdout under strace, exit status 0:\n0x10"));
    EXPECT_THAT(silent->card().evidence, HasSubstr("stdout with nobody watching, exit status 0:\n(nothing)"));

    const auto suspected =
        verdict_on(watched, run_that_said("", 0), {.otherwise = OutcomeKind::tamper_suspected});
    ASSERT_TRUE(suspected);
    EXPECT_EQ(suspected->kind(), OutcomeKind::tamper_suspected);
}

TEST(AgreementTest, TheEndsMustAgreeToo) {
    const process::Run watched = run_that_said("a\n", 3);
    const auto other_status = verdict_on(watched, run_that_said("a\n", 0), {});
    ASSERT_TRUE(other_status);
    EXPECT_THAT(other_status->card().observed, HasSubstr("exit status 3"));

    process::Run crashed = run_that_said("a\n", 0);
    crashed.status = {std::nullopt, SIGSEGV};
    const auto crash = verdict_on(watched, crashed, {.otherwise = OutcomeKind::tamper_suspected});
    ASSERT_TRUE(crash);
    EXPECT_EQ(crash->reason(), Reason::crashed);
}

}  // namespace
}  // namespace vmlab::grading
