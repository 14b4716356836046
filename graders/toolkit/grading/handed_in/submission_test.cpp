#include "vmlab/grading/submission.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "grading/handed_in/submission_fixture.hpp"
#include "vmlab/process/descriptor.hpp"

namespace vmlab::grading {
namespace {

TEST_F(SubmissionTest, CopiesFromTheActivitysFolder) {
    handed_in_.write("01-heap-growth/heap_growth.cpp", "int main() {}");
    handed_in_.write("heap_growth.cpp", "not this one");
    EXPECT_EQ(staged().files, std::vector<std::string>{"heap_growth.cpp"});
    EXPECT_EQ(process::read_file(into_.path() / "heap_growth.cpp").value(), "int main() {}");
}

TEST_F(SubmissionTest, CopiesFromAFlatFolder) {
    handed_in_.write("heap_growth.cpp", "int main() {}");
    EXPECT_EQ(staged().files.size(), 1U);
    EXPECT_TRUE(fs::exists(into_.path() / "heap_growth.cpp"));
}

TEST_F(SubmissionTest, LooksAtNothingElse) {
    handed_in_.write("heap_growth.cpp", "int main() {}");
    handed_in_.write(".valgrindrc", "--leak-check=no");
    handed_in_.write("Makefile", "all:");
    handed_in_.write("stdio.h", "#error");
    (void)staged();
    EXPECT_EQ(std::distance(fs::directory_iterator(into_.path()), fs::directory_iterator()), 1);
}

TEST_F(SubmissionTest, AnEmptyFileIsAFile) {
    handed_in_.write("heap_growth.cpp", "");
    EXPECT_EQ(staged().files.size(), 1U);
}

TEST_F(SubmissionTest, RefusesAMissingFile) {
    EXPECT_EQ(refusal(), "missing");
    EXPECT_THAT(refused().found, HasSubstr("no file was found"));
    EXPECT_THAT(refused().next, HasSubstr("Put heap_growth.cpp into"));
}

TEST_F(SubmissionTest, RefusesALinkEvenToAGoodFile) {
    handed_in_.write("other.cpp", "int main() {}");
    fs::create_symlink("other.cpp", at("heap_growth.cpp"));
    EXPECT_THAT(refusal(), HasSubstr("symbolic link"));
}

TEST_F(SubmissionTest, RefusesALinkToNowhere) {
    fs::create_symlink("/nowhere/at/all", at("heap_growth.cpp"));
    EXPECT_THAT(refusal(), HasSubstr("symbolic link"));
}

TEST_F(SubmissionTest, RefusesALinkInPlaceOfTheActivitysFolder) {
    const ScratchFolder elsewhere;
    elsewhere.write("heap_growth.cpp", "int main() {}");
    fs::create_directory_symlink(elsewhere.path(), at("01-heap-growth"));
    EXPECT_THAT(refusal(), HasSubstr("symbolic link"));
}

TEST_F(SubmissionTest, RefusesAFileInPlaceOfTheActivitysFolder) {
    handed_in_.write("01-heap-growth", "a file");
    EXPECT_THAT(refusal(), HasSubstr("01-heap-growth is no folder"));
}

TEST_F(SubmissionTest, RefusesAFifoWithoutWaitingForAWriter) {
    ASSERT_EQ(mkfifo(at("heap_growth.cpp").c_str(), 0600), 0);
    EXPECT_THAT(refusal(), HasSubstr("FIFO"));
}

TEST_F(SubmissionTest, RefusesAFolder) {
    fs::create_directory(at("heap_growth.cpp"));
    EXPECT_THAT(refusal(), HasSubstr("folder"));
}

TEST_F(SubmissionTest, RefusesADevice) {
    if (mknod(at("heap_growth.cpp").c_str(), S_IFCHR | 0600, makedev(1, 5)) != 0) {
        GTEST_SKIP() << "only root can make a device";
    }
    // Opening it is refused (nodev) or succeeds: in neither case is it read.
    EXPECT_THAT(refusal(), ::testing::AnyOf(HasSubstr("device"), HasSubstr("cannot be read")));
}

TEST_F(SubmissionTest, RefusesASocket) {
    const process::Descriptor socket_end(socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = at("heap_growth.cpp").string();
    ASSERT_LT(path.size(), sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.c_str(), path.size());
    ASSERT_EQ(bind(socket_end.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_THAT(refusal(), HasSubstr("socket"));
}

TEST_F(SubmissionTest, TakesTheLargestAllowedFileAndRefusesALargerOne) {
    handed_in_.write("heap_growth.cpp", std::string(max_submitted_file_bytes, 'x'));
    EXPECT_EQ(staged().files.size(), 1U);
    fs::remove(into_.path() / "heap_growth.cpp");
    handed_in_.write("heap_growth.cpp", std::string(max_submitted_file_bytes + 1, 'x'));
    EXPECT_THAT(refusal(), HasSubstr("larger than"));
}

TEST_F(SubmissionTest, RefusesAHugeSparseFileAtOnce) {
    handed_in_.write("heap_growth.cpp", "");
    ASSERT_EQ(truncate(at("heap_growth.cpp").c_str(), off_t{1} << 40U), 0);
    EXPECT_THAT(refusal(), HasSubstr("larger than"));
}

TEST_F(SubmissionTest, ASubmissionThatIsNoFolderIsAnError) {
    const fs::path file = handed_in_.write("file", "");
    EXPECT_THAT(stage(file, activity_, into_.path()).error().what, HasSubstr("no folder"));
    EXPECT_THAT(stage(at("missing"), activity_, into_.path()).error().what, HasSubstr("No such file"));
}

}  // namespace
}  // namespace vmlab::grading
