#include "arena/vm/kernel.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <stdlib.h>

#include <cstring>
#include <filesystem>
#include <optional>
#include <string>

#include "vmlab/process/files.hpp"
#include "vmlab/process/temporary_folder.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::arena {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Variable {
  public:
    Variable(const char* name, const std::string& value) : name_(name) {
        if (const char* before = ::getenv(name)) {
            before_ = before;
        }
        ::setenv(name, value.c_str(), 1);
    }
    ~Variable() {
        if (before_) {
            ::setenv(name_, before_->c_str(), 1);
        } else {
            ::unsetenv(name_);
        }
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

  private:
    const char* name_;
    std::optional<std::string> before_;
};

class KernelTest : public testing::Test {
  protected:
    KernelTest() : folder_(*process::TemporaryFolder::create()) {}

    fs::path write(const fs::path& name, const std::string& content = "kernel") {
        const fs::path path = folder_.path() / name;
        fs::create_directories(path.parent_path());
        EXPECT_TRUE(process::write_file_atomically(path, content));
        return path;
    }
    [[nodiscard]] const fs::path& folder() const { return folder_.path(); }

  private:
    process::TemporaryFolder folder_;
};

std::string bytes_of(std::uint32_t number) {
    return {reinterpret_cast<const char*>(&number), sizeof number};
}

/// As the kernel's build makes one: setup sectors, code, the compressed kernel, more code.
std::string image_with(const std::string& payload) {
    constexpr std::size_t setup_sectors = 3;
    constexpr std::size_t code = 100;
    std::string image((setup_sectors + 1) * 512 + code, '\0');
    image[0x1f1] = static_cast<char>(setup_sectors);
    image.replace(0x202, 4, "HdrS");
    image.replace(0x248, 4, bytes_of(code));
    image.replace(0x24c, 4, bytes_of(static_cast<std::uint32_t>(payload.size())));
    return image + payload + "more code";
}

TEST_F(KernelTest, TakesTheNewestOneAndItsModules) {
    write("boot/vmlinuz-6.1.0-9-cloud-amd64");
    write("boot/vmlinuz-6.1.0-10-cloud-amd64");
    write("boot/System.map-6.9.0");
    write("usr/lib/modules/6.1.0-10-cloud-amd64/modules.dep");
    const auto kernel = newest_kernel(folder());
    ASSERT_TRUE(kernel) << kernel.error().what;
    EXPECT_EQ(kernel->release, "6.1.0-10-cloud-amd64");
    EXPECT_EQ(kernel->image, folder() / "boot/vmlinuz-6.1.0-10-cloud-amd64");
    EXPECT_EQ(kernel->modules, folder() / "usr/lib/modules/6.1.0-10-cloud-amd64");
}

TEST_F(KernelTest, SaysHowToGetOne) {
    for (const fs::path& place : {folder(), folder() / "nowhere"}) {
        const auto kernel = newest_kernel(place);
        ASSERT_FALSE(kernel);
        EXPECT_EQ(kernel.error().kind, process::ErrorKind::machine_lacks);
        EXPECT_THAT(kernel.error().fix, HasSubstr("scripts/setup --vm"));
    }
}

TEST_F(KernelTest, LooksIntoTheCacheFolder) {
    const Variable cache("XDG_CACHE_HOME", folder().string());
    const Variable none("VMLAB_KERNEL", "");
    EXPECT_EQ(kernel_folder(), folder() / "vmlab/vm/kernel");
    write("vmlab/vm/kernel/boot/vmlinuz-5.15.0-1-kvm");
    const auto kernel = find_kernel();
    ASSERT_TRUE(kernel) << kernel.error().what;
    EXPECT_EQ(kernel->release, "5.15.0-1-kvm");
    EXPECT_EQ(kernel->modules, "");
}

TEST_F(KernelTest, CanBeNamedByTheEnvironment) {
    const Variable image("VMLAB_KERNEL", write("vmlinuz-x").string());
    EXPECT_EQ(find_kernel()->release, "x");

    write("modules/6.1.7/kernel/a.ko");
    const Variable modules("VMLAB_KERNEL_MODULES", (folder() / "modules/6.1.7").string());
    EXPECT_EQ(find_kernel()->modules, folder() / "modules/6.1.7");
    EXPECT_EQ(find_kernel()->release, "6.1.7");

    const Variable no_modules("VMLAB_KERNEL_MODULES", (folder() / "nowhere").string());
    EXPECT_THAT(find_kernel().error().what, HasSubstr("VMLAB_KERNEL_MODULES"));
    const Variable missing("VMLAB_KERNEL", (folder() / "nowhere").string());
    const auto kernel = find_kernel();
    ASSERT_FALSE(kernel);
    EXPECT_EQ(kernel.error().kind, process::ErrorKind::machine_lacks);
    EXPECT_THAT(kernel.error().what, HasSubstr("VMLAB_KERNEL names"));
}

TEST_F(KernelTest, TakesTheUncompressedKernelOutOfAnImage) {
    const std::string vmlinux =
        "\x7f"
        "ELF and what follows";
    const fs::path plain = write("vmlinux", vmlinux);
    EXPECT_EQ(*bootable_image(plain), vmlinux);

    int tried = 0;
    for (const auto& [tool, options] : {std::pair{"gzip", ""}, {"xz", ""}, {"zstd", ""}, {"lz4", "-l"}}) {
        if (!process::find_tool(tool, tool)) {
            continue;
        }
        const auto made =
            process::run_tool({"/bin/sh", "-c", fmt::format("{} {} -c < {}", tool, options, plain.string())});
        ASSERT_TRUE(made && made->succeeded()) << tool;
        const std::string behind = std::string_view(tool) == "gzip" ? "" : bytes_of(24);
        const auto taken = bootable_image(write("vmlinuz", image_with(made->out + behind)));
        ASSERT_TRUE(taken) << tool;
        EXPECT_EQ(*taken, vmlinux) << tool;
        ++tried;
    }
    EXPECT_GE(tried, 1);
}

TEST_F(KernelTest, LeavesAnImageThatNoToolUnpacksAsItIs) {
    for (const std::string& payload :
         {std::string("BZh9 bzip2"), std::string("\x1f\x8b broken"), std::string()}) {
        const std::string image = image_with(payload);
        EXPECT_EQ(*bootable_image(write("vmlinuz", image)), image);
    }
}

TEST_F(KernelTest, RefusesWhatIsNoKernel) {
    std::string beyond = image_with("payload");
    beyond.replace(0x248, 4, bytes_of(0xfffffff0U));
    std::string longer = image_with("payload");
    longer.replace(0x24c, 4, bytes_of(0xfffffff0U));
    for (const std::string& image :
         {std::string("not a kernel"), std::string(), std::string(4096, 'x'), beyond, longer}) {
        const auto taken = bootable_image(write("vmlinuz", image));
        ASSERT_FALSE(taken);
        EXPECT_EQ(taken.error().kind, process::ErrorKind::machine_lacks);
    }
    EXPECT_FALSE(bootable_image(folder() / "nowhere"));
}

}  // namespace
}  // namespace vmlab::arena
