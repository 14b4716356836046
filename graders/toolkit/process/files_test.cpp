#include "vmlab/process/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <fstream>

#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::process {
namespace {

using ::testing::HasSubstr;

class FilesTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto folder = TemporaryFolder::create();
        ASSERT_TRUE(folder) << folder.error().what;
        folder_.emplace(std::move(*folder));
    }

    [[nodiscard]] std::filesystem::path path(const char* name) const { return folder_->path() / name; }
    [[nodiscard]] auto files() const {
        return std::distance(std::filesystem::directory_iterator(folder_->path()), {});
    }

    std::optional<TemporaryFolder> folder_;
};

TEST_F(FilesTest, WritesAndReadsAgain) {
    ASSERT_TRUE(write_file_atomically(path("file"), "old"));
    ASSERT_TRUE(write_file_atomically(path("file"), "new"));
    EXPECT_EQ(read_file(path("file")).value(), "new");
    EXPECT_EQ(files(), 1);
}

TEST_F(FilesTest, LetsTheUmaskSayWhoMayRead) {
    const mode_t before = ::umask(027);
    const auto written = write_file_atomically(path("file"), "text");
    ::umask(before);
    ASSERT_TRUE(written);
    struct stat facts {};
    ASSERT_EQ(::stat(path("file").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0640U);
}

TEST_F(FilesTest, LeavesNothingHalfWritten) {
    EXPECT_FALSE(write_file_atomically(path("missing") / "file", "text"));
    std::filesystem::create_directory(path("folder"));
    const auto written = write_file_atomically(path("folder"), "text");
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().what, HasSubstr("rename"));
    EXPECT_EQ(files(), 1) << "a temporary file was left";
}

TEST_F(FilesTest, ReadsOnlyRegularFilesOfSomeSize) {
    ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
    EXPECT_THAT(read_file(path("fifo")).error().what, HasSubstr("not a regular file"));
    EXPECT_THAT(read_file(path("missing")).error().what, HasSubstr("No such file"));
    ASSERT_TRUE(write_file_atomically(path("large"), "12345"));
    EXPECT_TRUE(read_file(path("large"), 5));
    EXPECT_THAT(read_file(path("large"), 4).error().what, HasSubstr("larger than 4 bytes"));
}

TEST(TemporaryFolderOfOurs, IsRemovedWhenAProcessIsToldToEnd) {
    const auto end = [] {
        const auto folder = TemporaryFolder::create().value();
        std::ofstream(folder.path() / "file") << "content";
        const bool removed = TemporaryFolder::remove_own() >= 1 && !std::filesystem::exists(folder.path());
        std::_Exit(removed && !TemporaryFolder::create() ? 7 : 1);
    };
    EXPECT_EXIT(end(), ::testing::ExitedWithCode(7), "");
}

TEST(TemporaryFolderOfOurs, IsRemovedThoughItsOwnThreadsGoOnFillingIt) {
    const auto end = [] {
        const auto folder = TemporaryFolder::create().value();
        const std::filesystem::path parent = folder.path().parent_path();
        const std::string owner = folder.path().stem().string();
        std::atomic<int> made = 0;
        std::vector<std::thread> fillers;
        for (int thread = 0; thread < 2; ++thread) {
            fillers.emplace_back([&, thread] {
                for (int i = 0;; ++i) {
                    std::error_code ignored;
                    const auto below = folder.path() / fmt::format("{}-{}", thread, i);
                    made += std::filesystem::create_directory(below, ignored) ? 1 : 0;
                }
            });
        }
        while (made < 100) {
            std::this_thread::yield();
        }
        (void)TemporaryFolder::remove_own();
        bool left = false;
        for (const auto& entry : std::filesystem::directory_iterator(parent)) {
            left = left || entry.path().stem() == owner;
        }
        std::_Exit(left ? 1 : 7);
    };
    EXPECT_EXIT(end(), ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace vmlab::process
