#include "arena/vm/guest/kernel_files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::guest {
namespace {

TEST(GuestKernelFiles, FindsANumberByTheNameThatBeginsItsRow) {
    const std::string events = "low 0\nhigh 0\nmax 35\noom 1\noom_kill 2\noom_group_kill 3\n";
    EXPECT_EQ(number_after(events, "oom_kill "), 2U);
    EXPECT_EQ(number_after(events, "oom "), 1U);
    EXPECT_EQ(number_after(events, "kill "), 0U);
    EXPECT_EQ(number_after("", "oom "), 0U);
    EXPECT_EQ(number_after("33554432\n", ""), 33554432U);
    EXPECT_EQ(number_after("oom_kill 7", "oom_kill "), 7U);
}

TEST(GuestKernelFiles, ReadsAnOpenFileAgainFromItsBeginningAndNoMoreThanAsked) {
    const auto folder = process::TemporaryFolder::create();
    ASSERT_TRUE(folder.has_value());
    const std::filesystem::path path = folder->path() / "file";
    std::ofstream(path) << std::string(10'000, 'a');
    const process::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(read_again(file.get()).size(), 10'000U);
    EXPECT_EQ(read_again(file.get()).size(), 10'000U);
    EXPECT_EQ(read_again(file.get(), 5'000).size(), 5'000U);
    EXPECT_EQ(read_again(-1), "");
    EXPECT_EQ(read_whole("/nowhere"), "");
}

}  // namespace
}  // namespace vmlab::guest
