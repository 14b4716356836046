#include "arena/vm/image.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "arena/vm/cpio.hpp"
#include "arena/vm/modules.hpp"
#include "vmlab/process/files.hpp"
#include "vmlab/process/temporary_folder.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::arena {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ImageTest : public testing::Test {
  protected:
    ImageTest() : folder_(*process::TemporaryFolder::create()) {}

    fs::path write(const fs::path& name, const std::string& content) {
        const fs::path path = folder_.path() / name;
        fs::create_directories(path.parent_path());
        EXPECT_TRUE(process::write_file_atomically(path, content));
        return path;
    }
    /// A folder of modules: `needs` of each is in its .modinfo.
    fs::path module(const std::string& path, const std::string& needs) {
        return write("modules/" + path, "\x7f"s + "ELF\0license=GPL\0depends="s + needs + "\0name=x\0"s);
    }
    [[nodiscard]] fs::path modules() const { return folder_.path() / "modules"; }
    [[nodiscard]] const fs::path& folder() const { return folder_.path(); }

  private:
    process::TemporaryFolder folder_;
};

std::vector<std::string> names_of(const process::Result<std::vector<KernelModule>>& modules) {
    std::vector<std::string> names;
    if (modules) {
        for (const KernelModule& module : *modules) {
            names.push_back(module.name);
        }
    } else {
        ADD_FAILURE() << modules.error().what;
    }
    return names;
}

TEST(CpioTest, MakesWhatTheUsualToolUnpacks) {
    Cpio archive;
    archive.file("/etc/motd", "hello\n");
    archive.file("/bin/tool", "abcde", 0755);
    archive.folder("/tmp", 01777);
    archive.folder("/tmp", 0755);  // is there already
    const std::string bytes = std::move(archive).finish();
    EXPECT_EQ(bytes.size() % 4, 0U);
    // magic, inode, mode of the first entry: the folder above the first file
    EXPECT_EQ(bytes.substr(0, 22),
              "0707010000000000"
              "0041ED");
    for (const char* name : {"etc", "etc/motd", "bin/tool", "tmp", "TRAILER!!!"}) {
        EXPECT_THAT(bytes, HasSubstr(name + "\0"s));
    }

    const auto folder = *process::TemporaryFolder::create();
    ASSERT_TRUE(process::write_file_atomically(folder.path() / "archive", bytes));
    if (!process::find_tool("cpio", "cpio") && !process::find_tool("busybox", "busybox-static")) {
        GTEST_SKIP() << "neither cpio nor busybox is here";
    }
    const auto run = process::run_tool(
        {"/bin/sh", "-c",
         fmt::format(
             "cd {} && c=$(command -v cpio || echo busybox cpio) && $c -id < archive 2>&1 && cat etc/motd "
             "bin/tool && stat -c %a tmp bin/tool",
             folder.path().string())});
    ASSERT_TRUE(run);
    EXPECT_TRUE(run->succeeded()) << run->out;
    EXPECT_THAT(run->out, HasSubstr("hello\nabcde1777\n755\n"));
}

TEST_F(ImageTest, OrdersModulesByWhatTheyNeed) {
    module("kernel/drivers/block/virtio_blk.ko", "virtio,virtio_ring");
    module("kernel/drivers/virtio/virtio_pci.ko", "virtio-ring,virtio_pci_modern_dev");
    module("kernel/drivers/virtio/virtio_pci_modern_dev.ko", "");
    module("kernel/drivers/virtio/virtio_ring.ko", "virtio");
    module("kernel/drivers/virtio/virtio.ko", "");
    write("modules/modules.builtin", "kernel/fs/ext4/ext4.ko\nkernel/fs/mbcache.ko\n");
    EXPECT_THAT(names_of(modules_for(modules(), {"virtio_pci", "virtio_blk", "ext4"})),
                ElementsAre("virtio", "virtio_ring", "virtio_pci_modern_dev", "virtio_pci", "virtio_blk"));
}

TEST_F(ImageTest, UnpacksCompressedModules) {
    const fs::path plain = module("kernel/a.ko", "");
    const std::string content = *process::read_file(plain);
    ASSERT_TRUE(process::run_tool({"/bin/sh", "-c", "gzip " + plain.string()})->succeeded());
    const auto found = modules_for(modules(), {"a"});
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(found->front().content, content);

    write("modules/kernel/b.ko.gz", "\x1f\x8b broken");
    EXPECT_FALSE(modules_for(modules(), {"b"}));
}

TEST_F(ImageTest, NamesTheDriverThatAKernelLacks) {
    module("kernel/drivers/virtio/virtio_pci.ko", "virtio_ring");
    const auto found = modules_for(modules(), {"virtio_pci"});
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, process::ErrorKind::machine_lacks);
    EXPECT_THAT(found.error().what, HasSubstr("has no driver virtio_ring"));
    EXPECT_FALSE(modules_for(folder() / "nowhere", {"virtio_pci"}));
}

TEST_F(ImageTest, SurvivesModulesThatNeedOneAnother) {
    module("kernel/a.ko", "b");
    module("kernel/b.ko", "a");
    EXPECT_THAT(names_of(modules_for(modules(), {"a"})), ElementsAre("b", "a"));
}

TEST(DependenciesTest, AreReadFromAModule) {
    EXPECT_THAT(dependencies_of("x\0depends=virtio,virtio-ring\0y"s), ElementsAre("virtio", "virtio_ring"));
    EXPECT_THAT(dependencies_of("x\0depends=\0y"s), IsEmpty());
    EXPECT_THAT(dependencies_of("x\0depends=a"s), ElementsAre("a"));
    EXPECT_THAT(dependencies_of("no such thing"), IsEmpty());
    EXPECT_THAT(dependencies_of(""), IsEmpty());
}

class PlanTest : public ImageTest {
  protected:
    PlanTest() {
        kernel_.image = write("vmlinuz-1",
                              "\x7f"
                              "ELF kernel");
        kernel_.modules = write("modules/modules.builtin",
                                "kernel/virtio_pci.ko\nkernel/virtio_blk.ko\nkernel/virtio_console.ko\n"
                                "kernel/ext4.ko\n")
                              .parent_path();
        kernel_.release = "1";
        write("support/vmlab-guest-init", "init");
    }
    [[nodiscard]] process::Result<ImagePlan> plan() const {
        return plan_image(kernel_, folder() / "support");
    }

    Kernel kernel_;
};

TEST_F(PlanTest, HoldsTheInitTheLibrariesAndALogDaemon) {
    const auto made = plan();
    if (!made) {
        EXPECT_THAT(made.error().what, HasSubstr("log daemon"));
        GTEST_SKIP() << made.error().what;
    }
    EXPECT_EQ(made->files.front().in_guest, "/init");
    for (const char* wanted :
         {"ld-linux-x86-64.so.2", "libc.so.6", "libstdc++.so.6", "libgcc_s.so.1", "libm.so.6"}) {
        EXPECT_EQ(std::count_if(made->files.begin(), made->files.end(),
                                [&](const auto& file) { return file.in_guest.filename() == wanted; }),
                  1)
            << wanted;
    }
    EXPECT_TRUE(made->log_daemon == "rsyslogd" || made->log_daemon == "busybox syslogd");
}

TEST_F(PlanTest, HasAnotherFingerprintWhenAFileHasChanged) {
    const auto before = plan();
    if (!before) {
        GTEST_SKIP() << before.error().what;
    }
    EXPECT_EQ(plan()->fingerprint, before->fingerprint);
    write("support/vmlab-guest-init", "another init");
    const std::string with_init = plan()->fingerprint;
    EXPECT_NE(with_init, before->fingerprint);
    write("vmlinuz-1",
          "\x7f"
          "ELF another kernel");
    EXPECT_NE(plan()->fingerprint, with_init);
}

TEST_F(PlanTest, SaysWhatIsMissing) {
    fs::remove(folder() / "support/vmlab-guest-init");
    const auto made = plan();
    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().what, HasSubstr("vmlab-guest-init"));
}

TEST_F(PlanTest, IsWrittenForEveryoneToRead) {
    const auto made = plan();
    if (!made) {
        GTEST_SKIP() << made.error().what;
    }
    const auto files = write_image(*made, folder());
    ASSERT_TRUE(files) << files.error().what;
    EXPECT_EQ(*process::read_file(files->kernel),
              "\x7f"
              "ELF kernel");
    const std::string initramfs = *process::read_file(files->initramfs, 256U << 20U);
    EXPECT_THAT(initramfs.substr(0, 6), "070701");
    EXPECT_THAT(initramfs, HasSubstr("init\0"s));
    struct stat facts {};
    ASSERT_EQ(::stat(files->initramfs.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0644U);

    fs::remove(kernel_.modules / "modules.builtin");
    EXPECT_THAT(write_image(*made, folder()).error().what, HasSubstr("has no driver"));
    fs::remove(kernel_.image);
    EXPECT_FALSE(write_image(*made, folder()));
}

}  // namespace
}  // namespace vmlab::arena
