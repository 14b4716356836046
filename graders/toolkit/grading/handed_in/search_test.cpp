// What is found of a submission that does not lie where it should, and what is not.

#include "grading/handed_in/search.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "grading/handed_in/submission_fixture.hpp"
#include "grading/handed_in/survey.hpp"
#include "vmlab/process/descriptor.hpp"

namespace vmlab::grading {
namespace {

using SearchTest = SubmissionTest;

TEST_F(SearchTest, ExactPlacesNeedNoNote) {
    handed_in_.write("heap_growth.cpp", "work");
    handed_in_.write("old/heap_growth.cpp", "old");
    EXPECT_TRUE(staged().notes.empty());
    EXPECT_EQ(taken(), "work");
    handed_in_.write("01-heap-growth/README.md", "");
    EXPECT_TRUE(staged().notes.empty()) << "DIR/FILE where DIR/NN-slug has none";
    EXPECT_EQ(taken(), "work");
}

TEST_F(SearchTest, TakesTheOneFileThatCanBeMeant) {
    for (const char* path :
         {"lab1/heap_growth.cpp", "a/b/c/d/heap_growth.cpp", "activities/01-heap-growth/heap_growth.cpp",
          "vmlab-main/activities/01-heap-growth/heap_growth.cpp", "01-Heap-Growth/heap_growth.cpp",
          "Jane Doe_123_assignsubmission_file_/heap_growth.cpp", "Heap_Growth.CPP", "heap_growth-1.cpp",
          "heap_growth (1).cpp", "heap_growth.cpp.txt", "heap_growth.cc", "heap_growth.cpp ",
          "doejane_12345_678_heap_growth.cpp", "01-heap-growth/HEAP_GROWTH.cpp",
          "u\u0308bung/heap_growth.cpp",
          "\xfc"
          "bung/heap_growth.cpp",
          "two\nlines/heap_growth.cpp", "-o/heap_growth-2.cpp"}) {
        expect_found(path);
    }
}

TEST_F(SearchTest, NotesAreFitToBeShown) {
    handed_in_.write("\x1b[31m\n\xff/heap_growth.cpp", "work");
    const std::vector<std::string> notes = staged().notes;
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_TRUE(std::all_of(notes[0].begin(), notes[0].end(), [](char c) { return c >= ' ' || c < 0; }))
        << notes[0];
}

TEST_F(SearchTest, TheSameNameDeeperGoesBeforeANameThatIsLikeIt) {
    handed_in_.write("heap_growth-1.cpp", "other");
    handed_in_.write("src/heap_growth.cpp", "work");
    expect_taken_from("src/heap_growth.cpp");
}

TEST_F(SearchTest, InARepositoryTheActivitysFolderIsTheOne) {
    handed_in_.write("activities/01-heap-growth/heap_growth.cpp", "work");
    handed_in_.write("graders/01-heap-growth/solution/heap_growth.cpp", "solution");
    handed_in_.write("graders/01-heap-growth/starter/heap_growth.cpp", "starter");
    handed_in_.write("notes/heap_growth.cpp", "notes");
    expect_taken_from("activities/01-heap-growth/heap_growth.cpp");
}

TEST_F(SearchTest, NothingOfAGraderIsTaken) {
    handed_in_.write("graders/01-heap-growth/solution/heap_growth.cpp", "solution");
    handed_in_.write("copy/01-heap-growth/checks.cpp", "");
    handed_in_.write("copy/01-heap-growth/solution/heap_growth.cpp", "solution");
    handed_in_.write("copy/01-heap-growth/wrong/x/heap_growth.cpp", "wrong");
    EXPECT_EQ(refusal(), "missing");
}

TEST_F(SearchTest, HiddenFilesAndThoseOfSystemsAndBuildsAreNone) {
    for (const char* path : {"__MACOSX/heap_growth.cpp", "__MACOSX/._heap_growth.cpp", "._heap_growth.cpp",
                             ".DS_Store", ".git/heap_growth.cpp", "build/heap_growth.cpp",
                             "cmake-build-debug/heap_growth.cpp", "node_modules/heap_growth.cpp"}) {
        handed_in_.write(path, "not work");
    }
    EXPECT_EQ(refusal(), "missing");
    handed_in_.write("lab/heap_growth.cpp", "work");
    expect_taken_from("lab/heap_growth.cpp");
}

TEST_F(SearchTest, WhereSeveralCanBeMeantNoneIsTakenAndAllAreNamed) {
    handed_in_.write("a/heap_growth.cpp", "one");
    handed_in_.write("b/heap_growth.cpp", "another");
    EXPECT_EQ(refusal(), "missing, and 2 files could be meant");
    EXPECT_EQ(refused().found, "a/heap_growth.cpp\nb/heap_growth.cpp");
    EXPECT_THAT(refused().next, HasSubstr("one of them only, as 01-heap-growth/heap_growth.cpp"));
}

TEST_F(SearchTest, FilesOfTheSameContentAreOne) {
    handed_in_.write("a/heap_growth.cpp", "work");
    handed_in_.write("b/heap_growth.cpp", "work");
    expect_taken_from("a/heap_growth.cpp");
}

TEST_F(SearchTest, AnUnchangedStarterStandsBack) {
    handed_in_.write("activities/01-heap-growth/heap_growth.cpp", "starter\r\n");
    handed_in_.write("heap_growth (1).cpp", "work");
    expect_taken_from("heap_growth (1).cpp");
    EXPECT_THAT(staged().notes.back(),
                HasSubstr("activities/01-heap-growth/heap_growth.cpp is the starter, unchanged"));
}

TEST_F(SearchTest, AStarterAtItsExactPlaceIsTakenAndTheOtherFileIsTold) {
    handed_in_.write("01-heap-growth/heap_growth.cpp", "starter\n");
    EXPECT_TRUE(staged().notes.empty());
    handed_in_.write("01-heap-growth/heap_growth-1.cpp", "work");
    EXPECT_THAT(staged().notes,
                ::testing::ElementsAre(HasSubstr("01-heap-growth/heap_growth-1.cpp was not taken")));
    EXPECT_EQ(taken(), "starter\n");
}

TEST_F(SearchTest, WhereNothingCanBeMeantWhatIsThereIsNamed) {
    handed_in_.write("main.cpp", "");
    handed_in_.write("doc/notes.txt", "");
    fs::create_symlink("/etc/passwd", at("link.cpp"));
    EXPECT_EQ(refusal(), "missing");
    EXPECT_EQ(refused().found, "found in what was handed in:\nlink.cpp (a link)\nmain.cpp\ndoc/notes.txt");
    for (int i = 0; i < 40; ++i) {
        handed_in_.write(fmt::format("a{}.txt", i), "");
    }
    EXPECT_THAT(refused().found, HasSubstr("more"));
    const std::string found = refused().found;
    EXPECT_LE(std::count(found.begin(), found.end(), '\n'), 12);
}

TEST_F(SearchTest, AnArchiveMustBeUnpackedFirst) {
    handed_in_.write("lab/Submission.ZIP", "PK");
    EXPECT_EQ(refused().next, "Unpack lab/Submission.ZIP: an archive is not looked into.");
}

TEST_F(SearchTest, NeverTakesAFileOfAnotherActivity) {
    handed_in_.write("03-oom/answers.toml", "theirs");
    handed_in_.write("lab3/oom.cpp", "");
    handed_in_.write("lab3/answers.toml", "theirs too");
    handed_in_.write("lab2/leaks.cpp", "work");
    StagedSubmission result = staged(leaks_, handed_in_.path());
    EXPECT_EQ(result.files, std::vector<std::string>{"leaks.cpp"});
    handed_in_.write("lab2/answers.toml", "ours");
    result = staged(leaks_, handed_in_.path());
    EXPECT_EQ(result.files.size(), 2U);
    EXPECT_EQ(taken("answers.toml"), "ours");
    // The folder of one activity, handed in for another.
    handed_in_.write("only/03-oom/oom.cpp", "");
    handed_in_.write("only/03-oom/answers.toml", "theirs");
    EXPECT_TRUE(staged(leaks_, at("only/03-oom")).files.empty());
    EXPECT_EQ(staged(oom_, at("only/03-oom")).files.size(), 2U);
    // All in one folder: then the one answers.toml is everybody's.
    handed_in_.write("flat/oom.cpp", "");
    handed_in_.write("flat/leaks.cpp", "");
    handed_in_.write("flat/answers.toml", "all");
    EXPECT_EQ(staged(leaks_, at("flat")).files.size(), 2U);
}

TEST_F(SearchTest, ASingleFileIsASubmission) {
    const fs::path file = handed_in_.write("Heap_Growth (2).cpp", "work");
    const StagedSubmission result = staged(activity_, file);
    EXPECT_EQ(result.files.size(), 1U);
    EXPECT_EQ(taken(), "work");
    EXPECT_EQ(result.notes.size(), 1U);
    const StagedSubmission leaks = staged(leaks_, handed_in_.write("leaks.cpp", "work"));
    EXPECT_EQ(leaks.files.size(), 1U);
    EXPECT_THAT(leaks.refused.at("answers.toml").found, HasSubstr("leaks.cpp alone"));
}

TEST_F(SearchTest, FollowsNoLinkOnTheWay) {
    const ScratchFolder elsewhere;
    elsewhere.write("heap_growth.cpp", "not handed in");
    fs::create_directory_symlink(elsewhere.path(), at("src"));
    fs::create_directory(at("lab"));
    fs::create_symlink(elsewhere.path() / "heap_growth.cpp", at("lab/heap_growth.cpp"));
    fs::create_directory_symlink("..", at("lab/again"));
    ASSERT_EQ(mkfifo(at("lab/Heap_Growth.cpp").c_str(), 0600), 0);
    EXPECT_EQ(refusal(), "missing");
    EXPECT_THAT(refused().found, HasSubstr("lab/heap_growth.cpp (a link)"));
    EXPECT_THAT(refused().found, HasSubstr("lab/Heap_Growth.cpp (a FIFO)"));
}

TEST_F(SearchTest, AFileThatIsTooLargeIsNamed) {
    handed_in_.write("lab/heap_growth.cpp", "");
    ASSERT_EQ(truncate(at("lab/heap_growth.cpp").c_str(), off_t{1} << 40U), 0);
    EXPECT_THAT(refusal(), HasSubstr("lab/heap_growth.cpp is larger than"));
}

TEST_F(SearchTest, ManyFilesAndDeepFoldersAreNotAllLookedAt) {
    fs::path deep = "deep";
    for (int i = 0; i < 400; ++i) {
        deep /= "d";
    }
    handed_in_.write((deep / "heap_growth.cpp").string(), "work");
    EXPECT_EQ(refusal(), "missing");
    EXPECT_THAT(refused().found, HasSubstr("not everything was looked at: its folders lie more than 8 deep"));
    fs::create_directory(at("many"));
    for (std::size_t i = 0; i <= most_entries; ++i) {
        const process::Descriptor made(
            open(at("many/f" + std::to_string(i)).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        ASSERT_TRUE(made);
    }
    EXPECT_THAT(refused().found, HasSubstr("it holds more than 20000 entries"));
    EXPECT_THAT(refused().next, HasSubstr("Hand in the folder 01-heap-growth alone"));
    // What lies above that was looked at in full.
    handed_in_.write("Heap_Growth.cpp", "work");
    expect_taken_from("Heap_Growth.cpp");
}

TEST_F(SearchTest, ManyFilesOfThatNameAreNamedAndNotRead) {
    for (int i = 0; i < 500; ++i) {
        handed_in_.write(fmt::format("{}/heap_growth.cpp", i), std::to_string(i));
    }
    EXPECT_EQ(refusal(), "missing, and 500 files could be meant");
}

TEST_F(SearchTest, AFolderThatMayNotBeReadIsNamed) {
    handed_in_.write("closed/heap_growth.cpp", "work");
    fs::permissions(at("closed"), fs::perms::none);
    const process::Descriptor folder(open(handed_in_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const bool root = geteuid() == 0;
    fs::permissions(handed_in_.path(), fs::perms::all);
    ASSERT_TRUE(!root || seteuid(65534) == 0);
    const Survey seen = survey(folder.get());
    ASSERT_TRUE(!root || seteuid(0) == 0);
    fs::permissions(at("closed"), fs::perms::all);
    EXPECT_THAT(seen.unreadable, ::testing::ElementsAre("closed"));
    EXPECT_TRUE(seen.entries.empty());
}

}  // namespace
}  // namespace vmlab::grading
