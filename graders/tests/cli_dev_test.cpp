// vmlab dev show: what a wrong submission of the corpus changes, as a person asks for it.

#include "cli_fixture.hpp"

namespace vmlab::cli_tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(CliTest, DevShowTellsWhatAWrongSubmissionChanges) {
    const Ended ended = vmlab({"dev", "show", "03-oom/total-in-kib"});
    EXPECT_EQ(ended.status.code, 0) << ended.err;
    EXPECT_THAT(ended.out, ::testing::StartsWith("03-oom/total-in-kib\n"));
    EXPECT_THAT(ended.out, AllOf(HasSubstr("bytes"), HasSubstr("It has to fail\n  "),
                                 HasSubstr("--- solution/oom.cpp\n+++ 03-oom/total-in-kib/oom.cpp\n"),
                                 HasSubstr("\n-"), HasSubstr("\n+"), HasSubstr("total / 1024")));
    EXPECT_FALSE(has_colour(ended.out));
    for (const char* name : {"3/total-in-kib", "03/total-in-kib", "oom/total-in-kib"}) {
        EXPECT_EQ(vmlab({"dev", "show", name}).out, ended.out) << name;
    }
    EXPECT_TRUE(has_colour(vmlab({"dev", "show", "3/total-in-kib"}, Output::terminal).out));
}

TEST_F(CliTest, DevShowTellsReasonsAndMissingFiles) {
    const Ended ended = vmlab({"dev", "show", "1/missing-file"});
    EXPECT_EQ(ended.status.code, 0) << ended.err;
    EXPECT_THAT(ended.out, AllOf(HasSubstr("(missing-file)\n"), HasSubstr("It lacks heap_growth.cpp.")));
}

TEST_F(CliTest, DevShowPrintsTheProgram) {
    const Ended edited = vmlab({"dev", "show", "1/labelled-lines", "--program"});
    EXPECT_EQ(edited.status.code, 0) << edited.err;
    EXPECT_THAT(edited.out,
                AllOf(HasSubstr("int main() {"), HasSubstr("block at {}"), Not(HasSubstr("==>"))));
    const Ended whole = vmlab({"dev", "show", "1/empty-main", "--program"});
    EXPECT_EQ(whole.out, read(source / "graders/01-heap-growth/wrong/empty-main/heap_growth.cpp"));
    const Ended two = vmlab({"dev", "show", "3/empty-main", "--program"});
    EXPECT_THAT(two.out, AllOf(HasSubstr("==> obituary.cpp <==\n"), HasSubstr("==> oom.cpp <==\n")));
}

TEST_F(CliTest, DevShowWritesASubmissionAndOverwritesNothing) {
    const fs::path into = folder() / "wrong";
    const std::vector<std::string> arguments = {"dev", "show", "1/labelled-lines", "--into", into.string()};
    const Ended ended = vmlab(arguments);
    EXPECT_EQ(ended.status.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("scripts/lab grade 1 --submission " + into.string()));
    EXPECT_EQ(read(into / "01-heap-growth/heap_growth.cpp"),
              vmlab({"dev", "show", "1/labelled-lines", "--program"}).out);
    expect_refusal(vmlab(arguments), "exists already", "a folder that is new");
}

TEST_F(CliTest, DevShowNamesWhatWasMeant) {
    expect_refusal(vmlab({"dev", "show", "3/total-in-kb"}), "there is no wrong submission \"3/total-in-kb\"",
                   "did you mean 03-oom/total-in-kib?");
    expect_refusal(vmlab({"dev", "show", "total-in-kib"}), "no wrong submission",
                   "did you mean 03-oom/total-in-kib?");
    expect_refusal(vmlab({"dev", "show", "1/total-in-kib"}), "no wrong submission", "graders/*/wrong");
    expect_refusal(vmlab({"dev", "show", "../../etc/passwd"}), "no wrong submission", "graders/*/wrong");
    expect_refusal(vmlab({"dev", "show"}), "NAME", "--help");
    expect_refusal(vmlab({"dev"}), "subcommand", "--help");
}

}  // namespace
}  // namespace vmlab::cli_tests
