#include "arena/vm/cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "vmlab/process/files.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::arena {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class VirtualMachineCache : public testing::Test {
  protected:
    [[nodiscard]] fs::path cache() const { return folder_.path() / "cache"; }

    process::Result<VmCache> open(const std::string& recipe) {
        return VmCache::open(
            cache(), recipe,
            [this](const fs::path& to) -> process::Result<GuestFiles> {
                ++written_;
                std::ofstream(to / "kernel") << "kernel";
                std::ofstream(to / "initramfs") << "initramfs";
                return GuestFiles{to / "kernel", to / "initramfs"};
            },
            [this] { ++waits_; });
    }

    // Stands in for what boots a machine.
    std::function<process::Result<fs::path>()> builder(std::chrono::milliseconds takes = 0ms) {
        return [this, takes]() -> process::Result<fs::path> {
            std::this_thread::sleep_for(takes);
            const fs::path made = folder_.path() / "made";
            std::ofstream(made) << "state " << ++built_;
            return made;
        };
    }

    [[nodiscard]] std::vector<std::string> guests() const {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator(cache())) {
            if (entry.is_directory()) {
                names.push_back(entry.path().filename().string());
            }
        }
        return names;
    }

    process::TemporaryFolder folder_ = process::TemporaryFolder::create().value();
    std::atomic<int> written_ = 0;
    std::atomic<int> waits_ = 0;
    std::atomic<int> built_ = 0;
};

TEST_F(VirtualMachineCache, BuildsOnceForOneRecipe) {
    for (int i = 0; i < 3; ++i) {
        const auto opened = open("recipe");
        ASSERT_TRUE(opened) << opened.error().what;
        EXPECT_EQ(process::read_file(opened->files().kernel), "kernel");
        const auto state = opened->state(128, std::nullopt, builder());
        ASSERT_TRUE(state) << state.error().what;
        EXPECT_EQ(process::read_file(state->file), "state 1");
    }
    EXPECT_EQ(written_, 1);
    EXPECT_EQ(built_, 1);
}

TEST_F(VirtualMachineCache, EachSizeOfMemoryHasItsOwnState) {
    const auto opened = open("recipe");
    EXPECT_EQ(process::read_file(opened->state(128, std::nullopt, builder())->file), "state 1");
    EXPECT_EQ(process::read_file(opened->state(256, std::nullopt, builder())->file), "state 2");
}

TEST_F(VirtualMachineCache, BadStateIsBuiltAnewOnce) {
    const auto opened = open("recipe");
    const auto bad = opened->state(128, std::nullopt, builder());
    ASSERT_TRUE(bad);
    std::this_thread::sleep_for(20ms);
    const auto better = opened->state(128, *bad, builder());
    ASSERT_TRUE(better);
    EXPECT_EQ(process::read_file(better->file), "state 2");
    // Another grader that had met the same bad one finds the new one.
    EXPECT_EQ(opened->state(128, *bad, builder())->identity, better->identity);
    EXPECT_EQ(built_, 2);
}

TEST_F(VirtualMachineCache, ProofIsOfThisVeryStateOnly) {
    const auto opened = open("recipe");
    EXPECT_FALSE(opened->is_proven(128));
    const auto state = opened->state(128, std::nullopt, builder());
    EXPECT_FALSE(opened->is_proven(128));
    opened->set_proven(128);
    EXPECT_TRUE(opened->is_proven(128));
    std::ofstream(state->file, std::ios::app) << "more";
    EXPECT_FALSE(opened->is_proven(128));
}

TEST_F(VirtualMachineCache, TwoGradersBuildOnce) {
    std::vector<std::thread> graders;
    graders.reserve(2);
    for (int i = 0; i < 2; ++i) {
        graders.emplace_back([this] {
            const auto opened = open("recipe");
            ASSERT_TRUE(opened);
            ASSERT_TRUE(opened->state(128, std::nullopt, builder(200ms)));
        });
    }
    for (std::thread& grader : graders) {
        grader.join();
    }
    EXPECT_EQ(built_, 1);
    EXPECT_EQ(written_, 1);
    EXPECT_GE(waits_, 1);
}

TEST_F(VirtualMachineCache, FailedBuildLeavesNothingAndIsTriedAgain) {
    const auto opened = open("recipe");
    const auto failed =
        opened->state(128, std::nullopt, []() -> process::Result<fs::path> { return process::failed("no"); });
    ASSERT_FALSE(failed);
    EXPECT_TRUE(opened->state(128, std::nullopt, builder()));
}

TEST_F(VirtualMachineCache, KeepsTheOtherGuestThatWasUsedLastAndThoseInUse) {
    {
        const auto first = open("first");
        std::this_thread::sleep_for(20ms);
        const auto second = open("second");
        std::this_thread::sleep_for(20ms);
        const auto third = open("third");
        ASSERT_TRUE(first && second && third);
        EXPECT_EQ(guests().size(), 3U) << "all in use";
    }
    const auto third = open("third");
    EXPECT_EQ(guests().size(), 2U);
    (void)open("second");
    EXPECT_EQ(written_, 3);
    (void)open("first");
    EXPECT_EQ(written_, 4) << "the first was removed";
}

TEST_F(VirtualMachineCache, RemovesWhatADeadGraderLeft) {
    for (int time = 0; time < 2; ++time) {
        fs::create_directories(cache() / "part");
        std::ofstream(cache() / "part" / "kernel") << "half a ker";
        ASSERT_TRUE(open("recipe"));
        EXPECT_EQ(guests().size(), 1U);
        EXPECT_FALSE(fs::exists(cache() / "part"));
    }
    EXPECT_EQ(written_, 1);
}

TEST_F(VirtualMachineCache, HalfAGuestIsMadeAnew) {
    fs::path kernel;
    {
        const auto opened = open("recipe");
        kernel = opened->files().kernel;
    }
    fs::remove(kernel);
    ASSERT_TRUE(open("recipe"));
    EXPECT_TRUE(fs::exists(kernel));
}

TEST_F(VirtualMachineCache, FolderThatCannotBeMadeIsAnError) {
    std::ofstream(folder_.path() / "cache") << "a file";
    const auto opened = open("recipe");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, process::ErrorKind::failed);
    EXPECT_THAT(opened.error().fix, testing::HasSubstr("XDG_CACHE_HOME"));
}

// A full disk, as far as an ordinary user can make one: no file may grow beyond some bytes.
class SmallFiles {
  public:
    explicit SmallFiles(rlim_t bytes) : before_handler_(::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit small{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
    }
    SmallFiles(const SmallFiles&) = delete;
    SmallFiles& operator=(const SmallFiles&) = delete;
    ~SmallFiles() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        ::signal(SIGXFSZ, before_handler_);
    }

  private:
    rlimit before_{};
    sighandler_t before_handler_;
};

TEST_F(VirtualMachineCache, FullDiskIsAnErrorThatNamesTheFix) {
    const auto opened = open("recipe");
    const auto big = [this]() -> process::Result<fs::path> {
        const fs::path made = folder_.path() / "made";
        std::ofstream(made) << std::string(1U << 20U, 'x');
        return made;
    };
    const fs::path made = *big();
    process::Result<SavedState> state;
    {
        const SmallFiles full(64U << 10U);
        state = opened->state(128, std::nullopt, [&]() -> process::Result<fs::path> { return made; });
    }
    ASSERT_FALSE(state);
    EXPECT_THAT(state.error().what, testing::HasSubstr("keep the snapshot in"));
    EXPECT_THAT(state.error().fix, testing::HasSubstr("XDG_CACHE_HOME"));
    for (const auto& entry : fs::recursive_directory_iterator(cache())) {
        EXPECT_EQ(entry.path().string().find("128M"), std::string::npos) << entry.path();
    }
}

}  // namespace
}  // namespace vmlab::arena
