#include "arena/vm/input.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "arena/vm/machine.hpp"
#include "vmlab/process/temporary_folder.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::arena {
namespace {

namespace fs = std::filesystem;

class VirtualMachineDisk : public testing::Test {
  protected:
    void SetUp() override {
        if (auto tool = process::find_tool("debugfs", "e2fsprogs")) {
            debugfs_ = *tool;
        } else {
            GTEST_SKIP() << tool.error().what;
        }
        fs::create_directories(source_.path() / "program/sub");
        std::ofstream(source_.path() / "program/hog") << "hog";
        ::chmod((source_.path() / "program/hog").c_str(), 0700);
        std::ofstream(source_.path() / "program/sub/text") << "text";
        fs::create_symlink("/etc/passwd", source_.path() / "program/link");
        ::mkfifo((source_.path() / "program/pipe").c_str(), 0600);
    }

    // What debugfs tells of a file on the disk.
    [[nodiscard]] std::string ask(const fs::path& disk, const std::string& request) const {
        const auto run = process::run_tool({debugfs_.string(), "-R", request, disk.string()});
        return run ? run->out + run->err : run.error().what;
    }

    process::TemporaryFolder source_ = process::TemporaryFolder::create().value();
    process::TemporaryFolder folder_ = process::TemporaryFolder::create().value();
    fs::path debugfs_;
};

TEST_F(VirtualMachineDisk, HoldsTheOrderAndTheFilesAtTheirPlaces) {
    wire::Order order;
    order.programs.emplace_back().argv = {"/p"};
    const auto disk = make_vm_disk(folder_.path(), order, {source_.path() / "program"});
    ASSERT_TRUE(disk) << disk.error().what;
    EXPECT_EQ(fs::file_size(*disk), vm_disk_bytes);
    EXPECT_NE(ask(*disk, "cat /order").find(encode(order)), std::string::npos);
    const std::string place = "/files" + (source_.path() / "program").string();
    EXPECT_THAT(ask(*disk, "cat " + place + "/sub/text"), testing::HasSubstr("text"));
    EXPECT_THAT(ask(*disk, "stat " + place + "/hog"), testing::HasSubstr("Mode:  0755"));
    EXPECT_THAT(ask(*disk, "stat " + place + "/link"), testing::HasSubstr("File not found"));
    EXPECT_THAT(ask(*disk, "stat " + place + "/pipe"), testing::HasSubstr("File not found"));
    EXPECT_FALSE(fs::exists(folder_.path() / "content"));
}

TEST_F(VirtualMachineDisk, HoldsASingleFileAndTheSameOneTwice) {
    const fs::path hog = source_.path() / "program/hog";
    const auto disk = make_vm_disk(folder_.path(), {}, {hog, hog, source_.path() / "program"});
    ASSERT_TRUE(disk) << disk.error().what;
    EXPECT_THAT(ask(*disk, "cat /files" + hog.string()), testing::HasSubstr("hog"));
}

TEST_F(VirtualMachineDisk, HoldsManyFilesAndBigOnes) {
    const fs::path many = source_.path() / "many";
    fs::create_directory(many);
    for (int i = 0; i < 600; ++i) {
        std::ofstream(many / std::to_string(i)) << i;
    }
    std::ofstream(many / "big") << std::string(20U << 20U, 'x');
    const auto disk = make_vm_disk(folder_.path(), {}, {many});
    ASSERT_TRUE(disk) << disk.error().what;
    EXPECT_THAT(ask(*disk, "stat /files" + (many / "big").string()), testing::HasSubstr("Size: 20971520"));
}

TEST_F(VirtualMachineDisk, AbsentFileIsAnError) {
    const auto disk = make_vm_disk(folder_.path(), {}, {source_.path() / "absent"});
    ASSERT_FALSE(disk);
    EXPECT_THAT(disk.error().what, testing::HasSubstr("absent"));
}

TEST(VirtualMachineEmptyDisk, TakesNoRoom) {
    const auto folder = process::TemporaryFolder::create().value();
    const auto disk = make_empty_vm_disk(folder.path());
    ASSERT_TRUE(disk);
    struct stat facts {};
    ASSERT_EQ(::stat(disk->c_str(), &facts), 0);
    EXPECT_EQ(static_cast<std::uint64_t>(facts.st_size), vm_disk_bytes);
    EXPECT_LT(facts.st_blocks, 16);
}

}  // namespace
}  // namespace vmlab::arena
