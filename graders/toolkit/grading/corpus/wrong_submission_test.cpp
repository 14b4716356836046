#include "grading/corpus/wrong_submission.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grading/lab/scratch_folder.hpp"

namespace vmlab::grading {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr const char* head = "why = \"Adds up wrongly.\"\nfails = [\"Adds\"]\n";

/// graders/06-sum with a solution of two files, its starter, and what a test writes beside them.
class WrongSubmissionTest : public ::testing::Test {
  protected:
    WrongSubmissionTest() {
        activity_.submit = {"sum.cpp", "answers.toml"};
        activity_.checks = {{.name = "Adds"}, {.name = "Says"}};
        write("solution/sum.cpp", "int main() {\n    add(1);\n    add(2);\n}\n");
        write("solution/answers.toml", "total = 3\n");
        write("starter/sum.cpp", "int main() {\n    // TODO\n}\n");
        write("starter/answers.toml", "total = \"\"\n");
    }

    void write(const std::string& name, std::string_view text) const { (void)scratch_.write(name, text); }
    void describe(const std::string& text) const { write("wrong/off.toml", head + text); }

    [[nodiscard]] process::Result<WrongSubmission> read(const std::string& name = "off") const {
        return read_wrong_submission(scratch_.path(), name, activity_);
    }

    [[nodiscard]] process::Result<Files> files() const {
        const auto wrong = read();
        return wrong ? files_of(*wrong, scratch_.path(), activity_) : tl::unexpected(wrong.error());
    }

    [[nodiscard]] std::string file(const std::string& name) const {
        const auto all = files();
        EXPECT_TRUE(all) << all.error().what;
        return all && all->contains(name) ? all->at(name) : std::string("none");
    }

    /// What is said of this text behind `why` and `fails`.
    [[nodiscard]] std::string problem(const std::string& text) const {
        describe(text);
        const auto all = files();
        return all ? "" : all.error().what;
    }

    [[nodiscard]] const std::filesystem::path& grader() const { return scratch_.path(); }

  private:
    testing_tools::ScratchFolder scratch_;
    Activity activity_;
};

TEST_F(WrongSubmissionTest, IsTheSolutionWithItsEdits) {
    describe("[[edit]]\nfile = \"sum.cpp\"\nwas = 'add(2)'\nnow = 'add(3)'\n");
    EXPECT_EQ(file("sum.cpp"), "int main() {\n    add(1);\n    add(3);\n}\n");
    EXPECT_EQ(file("answers.toml"), "total = 3\n");
}

TEST_F(WrongSubmissionTest, TakesWholeLines) {
    describe("[[edit]]\nfile = 'sum.cpp'\nwas = '''\n    add(1);\n'''\nnow = ''\n");
    EXPECT_EQ(file("sum.cpp"), "int main() {\n    add(2);\n}\n");
}

TEST_F(WrongSubmissionTest, TakesAWholeFileFromTheFolderOfItsName) {
    write("wrong/off/sum.cpp", "int main() {}\n");
    describe("[[edit]]\nfile = 'answers.toml'\nwas = '3'\nnow = '4'\n");
    EXPECT_EQ(file("sum.cpp"), "int main() {}\n");
    EXPECT_EQ(file("answers.toml"), "total = 4\n");
}

TEST_F(WrongSubmissionTest, LeavesFilesOut) {
    describe("without = ['answers.toml']\n");
    const auto all = files();
    ASSERT_TRUE(all) << all.error().what;
    EXPECT_THAT(*all, ElementsAre(Pair("sum.cpp", HasSubstr("add(1)"))));
}

TEST_F(WrongSubmissionTest, StartsFromTheStarterWhereItSaysSo) {
    describe(
        "starter = ['sum.cpp', 'answers.toml']\n[[edit]]\nfile = 'sum.cpp'\nwas = '// TODO'\nnow = ''\n");
    EXPECT_EQ(file("sum.cpp"), "int main() {\n    \n}\n");
    EXPECT_EQ(file("answers.toml"), "total = \"\"\n");
}

TEST_F(WrongSubmissionTest, SaysHowEachCheckEnds) {
    write("wrong/off.toml",
          "why = 'x'\nfails = ['Adds', 'Says']\nreason = 'crashed'\nwithout = ['sum.cpp']\n"
          "[reasons]\nSays = 'timed-out'\n[outcomes]\nAdds = 'tamper-suspected'\n");
    const auto wrong = read();
    ASSERT_TRUE(wrong) << wrong.error().what;
    EXPECT_THAT(wrong->fails, ElementsAre("Adds", "Says"));
    EXPECT_THAT(wrong->reasons, UnorderedElementsAre(Pair("Adds", "crashed"), Pair("Says", "timed-out")));
    EXPECT_EQ(wrong->outcome_of("Adds"), "tamper-suspected");
    EXPECT_EQ(wrong->outcome_of("Says"), "failed");
    EXPECT_EQ(wrong->outcome_of("Another"), "passed");
    EXPECT_EQ(wrong->reason_of("Another"), "wrong-result");
}

TEST_F(WrongSubmissionTest, SaysHowOftenWasStandsInTheSolution) {
    EXPECT_THAT(problem("[[edit]]\nfile = 'sum.cpp'\nwas = 'add(7)'\nnow = ''\n"),
                HasSubstr("wrong/off.toml, line 3: `was` does not stand in solution/sum.cpp, where it has to "
                          "stand once: add(7)"));
    EXPECT_THAT(problem("[[edit]]\nfile = 'sum.cpp'\nwas = 'add('\nnow = ''\n"),
                HasSubstr("`was` stands twice in solution/sum.cpp"));
    EXPECT_THAT(problem("starter = ['sum.cpp']\n[[edit]]\nfile = 'sum.cpp'\nwas = 'add(1)'\nnow = ''\n"),
                HasSubstr("does not stand in starter/sum.cpp"));
}

TEST_F(WrongSubmissionTest, RefusesAnEditThatSaysNothing) {
    EXPECT_THAT(problem("[[edit]]\nfile = 'other.cpp'\nwas = 'a'\nnow = 'b'\n"),
                HasSubstr("line 3: \"other.cpp\" is not among the files to submit"));
    EXPECT_THAT(problem("[[edit]]\nfile = 'sum.cpp'\nwas = 'add(1)'\nnow = 'add(1)'\n"),
                HasSubstr("line 3: the edit changes nothing"));
    EXPECT_THAT(problem("[[edit]]\nfile = 'sum.cpp'\nwas = ''\nnow = 'a'\n"), HasSubstr("`was` is empty"));
    EXPECT_THAT(problem("[[edit]]\nfile = 'sum.cpp'\nwas = 'a'\n"), HasSubstr("[[edit]] needs now"));
    EXPECT_THAT(problem("[edit]\nfile = 'sum.cpp'\n"), HasSubstr("must be written as [[edit]]"));
    EXPECT_THAT(problem(""), HasSubstr("every file is the solution's"));
}

TEST_F(WrongSubmissionTest, RefusesUnknownKeysChecksAndReasons) {
    EXPECT_THAT(problem("wihtout = ['sum.cpp']\n"), HasSubstr("line 3: there is no key \"wihtout\""));
    EXPECT_THAT(problem("[[edit]]\nfile = 'sum.cpp'\nwas = 'a'\nnow = 'b'\nwhy = 'c'\n"),
                HasSubstr("line 7: there is no key \"why\""));
    EXPECT_THAT(problem("without = ['x.cpp']\n"), HasSubstr("x.cpp is not among the files to submit"));
    EXPECT_THAT(problem("reason = 'cracked'\n"), HasSubstr("there is no reason \"cracked\""));
    EXPECT_THAT(problem("[reasons]\nSays = 'crashed'\n"), HasSubstr("names Says, which is not in fails"));
    EXPECT_THAT(problem("[outcomes]\nAdds = 'passed'\n"),
                HasSubstr("is no outcome of a check that does not"));
    write("wrong/off.toml", "why = 'x'\nfails = ['Subtracts']\n");
    EXPECT_THAT(read().error().what, HasSubstr("the activity has no check Subtracts"));
    write("wrong/off.toml", "fails = ['Adds']\n");
    EXPECT_THAT(read().error().what, HasSubstr("needs why"));
    write("wrong/off.toml", "why = 'x'\nfails = []\n");
    EXPECT_THAT(read().error().what, HasSubstr("fails at least one check"));
}

TEST_F(WrongSubmissionTest, RefusesAFileThatIsChangedInTwoWays) {
    const std::string edit = "[[edit]]\nfile = 'sum.cpp'\nwas = 'add(1)'\nnow = ''\n";
    EXPECT_THAT(problem("without = ['sum.cpp']\n" + edit), HasSubstr("left out by `without`, and changed"));
    write("wrong/off/sum.cpp", "int main() {}\n");
    EXPECT_THAT(problem(edit), HasSubstr("sum.cpp is edited, and stands as a whole file in off/"));
    EXPECT_THAT(problem("starter = ['sum.cpp']\n"), HasSubstr("said to be the starter's, and stands as a"));
}

TEST_F(WrongSubmissionTest, RefusesAWholeFileThatIsTheSolutionsOrNobodyAskedFor) {
    write("wrong/off/sum.cpp", "int main() {\n    add(1);\n    add(2);\n}\n");
    EXPECT_THAT(problem("[[edit]]\nfile = 'answers.toml'\nwas = '3'\nnow = '4'\n"),
                HasSubstr("sum.cpp is the solution's"));
    write("wrong/off/expect.toml", "");
    EXPECT_THAT(problem(""), HasSubstr("off/expect.toml is not among the files to submit"));
}

TEST_F(WrongSubmissionTest, NamesFilesAndFoldersAndMissesTheDescription) {
    describe("without = ['sum.cpp']\n");
    write("wrong/empty-main/sum.cpp", "int main() {}\n");
    write("wrong/off/sum.cpp", "");
    EXPECT_THAT(wrong_submissions(grader()), ElementsAre("empty-main", "off"));
    EXPECT_THAT(wrong_submissions(grader() / "nowhere"), ElementsAre());
    EXPECT_THAT(read("empty-main").error().what, HasSubstr("wrong/empty-main.toml is missing"));
    EXPECT_FALSE(read("nobody"));
}

}  // namespace
}  // namespace vmlab::grading
