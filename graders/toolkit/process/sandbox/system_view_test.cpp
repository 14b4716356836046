#include "process/sandbox/system_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <utility>

#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::process {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

/// A machine laid out like Debian, with things in it that are not Debian's.
class SystemViewTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto folder = TemporaryFolder::create();
        ASSERT_TRUE(folder) << folder.error().what;
        folder_.emplace(std::move(*folder));
        root_ = fs::canonical(folder_->path()) / "machine";
        for (const char* file :
             {"usr/bin/g++", "usr/lib/x86_64-linux-gnu/libc.so.6", "usr/lib/gcc/x86_64-linux-gnu/12/cc1plus",
              "usr/lib/debug/.build-id/ab/cd.debug", "usr/libexec/valgrind/memcheck-amd64-linux",
              "usr/include/stdio.h", "usr/include/c++/12/vector", "usr/include/x86_64-linux-gnu/sys/types.h",
              "usr/include/fmt/core.h", "usr/include/valgrind/memcheck.h", "usr/share/qemu/bios.bin",
              "usr/lib64/ld.so", "usr/lib/linux/uapi/x86/asm/types.h"}) {
            put(file);
        }
        for (const char* name : {"bin", "lib", "lib64"}) {
            fs::create_symlink(fs::path("usr") / name, root_ / name);
        }
    }

    void put(const std::string& file) const {
        fs::create_directories((root_ / file).parent_path());
        std::ofstream(root_ / file) << "text\n";
    }

    [[nodiscard]] SystemView view(const PrivatePlaces& hidden = {}) const {
        auto made = system_view(root_, true, hidden);
        EXPECT_TRUE(made) << made.error().what;
        return made ? *made : SystemView{};
    }

    static bool is_at_or_below(const fs::path& path, const fs::path& folder) {
        return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
    }

    static bool holds(const std::vector<fs::path>& places, const fs::path& path) {
        return std::any_of(places.begin(), places.end(),
                           [&](const fs::path& place) { return is_at_or_below(path, place); });
    }

    /// Whether a file can be seen in the view; both ways to build it must agree.
    [[nodiscard]] bool sees(const SystemView& view, const std::string& file) const {
        const bool seen = holds(view.shown, root_ / file) && !holds(view.covered, root_ / file);
        EXPECT_EQ(seen, holds(without_covered(view), root_ / file)) << file;
        return seen;
    }

    std::optional<TemporaryFolder> folder_;
    fs::path root_;
};

TEST_F(SystemViewTest, ShowsWhatAProgramAndItsCompilerNeed) {
    const SystemView seen = view();
    for (const char* file :
         {"usr/bin/g++", "usr/lib/x86_64-linux-gnu/libc.so.6", "usr/lib/gcc/x86_64-linux-gnu/12/cc1plus",
          "usr/lib/debug/.build-id/ab/cd.debug", "usr/libexec/valgrind/memcheck-amd64-linux",
          "usr/include/stdio.h", "usr/include/c++/12/vector", "usr/include/x86_64-linux-gnu/sys/types.h",
          "usr/include/fmt/core.h", "usr/share/qemu/bios.bin", "usr/lib64/ld.so",
          "usr/lib/linux/uapi/x86/asm/types.h"}) {
        EXPECT_TRUE(sees(seen, file)) << file;
    }
    EXPECT_THAT(seen.shown, Contains(root_ / "lib64")) << "the link";
}

TEST_F(SystemViewTest, ShowsDebugInformationOfTheLoaderAloneWhereItCanTellIt) {
    const std::string id = "0123456789abcdefghij";  // 20 bytes
    std::ofstream(root_ / "usr/lib64/ld-linux-x86-64.so.2")
        << std::string(
               "\x7f"
               "ELF some bytes")
        << std::string("\4\0\0\0\24\0\0\0\3\0\0\0GNU\0", 16) << id << "more";
    EXPECT_TRUE(sees(view(), "usr/lib/debug/.build-id/ab/cd.debug")) << "the loader's is not there";
    put("usr/lib/debug/.build-id/30/31323334353637383961626364656667"
        "68696a.debug");
    EXPECT_TRUE(sees(view(),
                     "usr/lib/debug/.build-id/30/31323334353637383961626364656667"
                     "68696a.debug"));
    EXPECT_FALSE(sees(view(), "usr/lib/debug/.build-id/ab/cd.debug"));
}

TEST_F(SystemViewTest, HidesWhatIsNotTheDistributions) {
    const std::vector<std::string> files = {
        "usr/src/app/solution.cpp",       "usr/local/include/app/solution.cpp",
        "usr/local/lib/app/solution.cpp", "usr/share/vmlab/solution.cpp",
        "usr/lib/vmlab/solution.cpp",     "usr/include/app/solution.cpp",
        "usr/bin/app/solution.cpp",       "usr/lib64/app/solution.cpp",
        "usr/libexec/app/solution.cpp",   "usr/solution.cpp",
        "opt/app/solution.cpp",           "root/solution.cpp"};
    for (const std::string& file : files) {
        put(file);
    }
    const SystemView seen = view();
    for (const std::string& file : files) {
        EXPECT_FALSE(sees(seen, file)) << file;
    }
    EXPECT_FALSE(sees(seen, "usr/include/valgrind/memcheck.h"));
}

TEST_F(SystemViewTest, HidesHeadersFromARun) {
    const auto seen = system_view(root_, false, {});
    ASSERT_TRUE(seen);
    EXPECT_FALSE(sees(*seen, "usr/include/stdio.h"));
    EXPECT_TRUE(sees(*seen, "usr/bin/g++"));
}

TEST_F(SystemViewTest, HidesPrivatePlacesAmongTheDistributionsFiles) {
    put("usr/lib/gcc/app/graders/solution.cpp");
    put("usr/include/c++/home/solution.cpp");
    put("usr/lib/x86_64-linux-gnu/mounted/solution.cpp");
    fs::create_symlink(root_ / "usr/lib/gcc/app", root_ / "link");
    const SystemView seen = view({{root_ / "link", root_ / "nowhere", root_ / "usr/lib/gcc/app/graders"},
                                  {root_ / "usr/include/c++/home", root_ / "usr", "/"},
                                  {root_ / "usr/lib/x86_64-linux-gnu/mounted", root_ / "usr"}});
    EXPECT_FALSE(sees(seen, "usr/lib/gcc/app/graders/solution.cpp"));
    EXPECT_FALSE(sees(seen, "usr/include/c++/home/solution.cpp"));
    EXPECT_FALSE(sees(seen, "usr/lib/x86_64-linux-gnu/mounted/solution.cpp"));
    EXPECT_TRUE(sees(seen, "usr/include/c++/12/vector"));
    EXPECT_TRUE(sees(seen, "usr/lib/x86_64-linux-gnu/libc.so.6"));
    EXPECT_TRUE(sees(seen, "usr/lib/gcc/x86_64-linux-gnu/12/cc1plus"));
    EXPECT_THAT(seen.covered, Not(Contains(root_ / "usr/lib/gcc/app/graders"))) << "its parent is covered";
}

TEST_F(SystemViewTest, HidesTheSubmissionsBesideTheOneThatIsGraded) {
    put("usr/lib/gcc/submissions/alice/heap_growth.cpp");
    put("usr/lib/gcc/submissions/bob/heap_growth.cpp");
    const SystemView seen = view({{root_ / "usr/lib/gcc/submissions/alice"}, {}, {}});
    EXPECT_FALSE(sees(seen, "usr/lib/gcc/submissions/bob/heap_growth.cpp"));
    EXPECT_TRUE(sees(seen, "usr/lib/gcc/x86_64-linux-gnu/12/cc1plus"));
}

TEST_F(SystemViewTest, FollowsNoLinkToWhatIsHidden) {
    put("usr/src/app/solution.cpp");
    fs::create_symlink("../src/app", root_ / "usr/lib/gcc/app");
    fs::create_symlink("../src/app", root_ / "usr/include/fmt2");
    put("usr/lib/gcc/private/solution.cpp");
    const SystemView seen = view({{root_ / "usr/lib/gcc/private"}, {}, {}});
    EXPECT_THAT(without_covered(seen), Not(Contains(root_ / "usr/lib/gcc/app")));
    EXPECT_THAT(without_covered(seen), Not(Contains(root_ / "usr/include/fmt2")));
    EXPECT_THAT(without_covered(seen), Not(Contains(root_ / "lib"))) << "usr/lib is not shown as a whole";
}

TEST_F(SystemViewTest, RefusesAPlaceThatEveryProgramHasToSee) {
    const auto refused = system_view(root_, true, {{root_ / "usr/lib/gcc"}, {}, {}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::machine_lacks);
    EXPECT_TRUE(system_view(root_, true, {{}, {root_ / "usr/lib/gcc"}, {}})) << "somebody's home";
}

TEST_F(SystemViewTest, KnowsAMachineThatKeepsItsLibrariesInOneFolder) {
    put("usr/lib/libc.so.6");
    put("usr/lib/app/solution.cpp");
    const SystemView seen = view();
    EXPECT_TRUE(sees(seen, "usr/lib/libc.so.6"));
    EXPECT_TRUE(sees(seen, "usr/lib/gcc/x86_64-linux-gnu/12/cc1plus"));
    EXPECT_FALSE(sees(seen, "usr/lib/app/solution.cpp"));
}

TEST_F(SystemViewTest, ReadsTheMachinesMounts) {
    EXPECT_THAT(mount_points(), Contains(fs::path("/proc")));
    EXPECT_THAT(own_places(), Not(IsEmpty()));
}

}  // namespace
}  // namespace vmlab::process
