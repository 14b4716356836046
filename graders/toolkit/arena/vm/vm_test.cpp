// What is missing when the VM arena is opened, and what fixes it.
#include "arena/vm/vm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "arena/vm/testing.hpp"

namespace vmlab::arena {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class VirtualMachineOpening : public testing::Test {
  protected:
    void SetUp() override {
        auto sandbox =
            process::Sandbox::open(process::TierChoice::automatic, VMLAB_SUPPORT_DIR, folder_.path());
        if (!sandbox) {
            GTEST_SKIP() << sandbox.error().what;
        }
        sandbox_ = std::move(*sandbox);
        options_.cache = folder_.path() / "cache";
        options_.qemu = script("echo 'QEMU emulator version 7.2.0'");
    }

    [[nodiscard]] fs::path script(const std::string& text) const {
        fs::path file = folder_.path() / "qemu-system-x86_64";
        std::ofstream(file) << "#!/bin/sh\n" << text << '\n';
        fs::permissions(file, fs::perms(0755));
        return file;
    }

    void expect_lack(const std::string& what, const std::string& fix) {
        const auto opened = open_vm(*sandbox_, options_);
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().kind, process::ErrorKind::machine_lacks) << opened.error().what;
        EXPECT_THAT(opened.error().what, HasSubstr(what));
        EXPECT_THAT(opened.error().fix, HasSubstr(fix));
    }

    // Skips where there is no kernel to start from.
    void use_kernel() {
        const auto kernel = find_kernel();
        const auto plan = kernel ? plan_image(*kernel, VMLAB_SUPPORT_DIR)
                                 : process::Result<ImagePlan>(tl::unexpected(kernel.error()));
        if (!plan) {
            GTEST_SKIP() << plan.error().what << " (" << plan.error().fix << ")";
        }
        options_.kernel = *kernel;
    }

    process::TemporaryFolder folder_ = process::TemporaryFolder::create().value();
    std::optional<process::Sandbox> sandbox_;
    VmOptions options_;
};

TEST_F(VirtualMachineOpening, AbsentQemuIsALack) {
    options_.qemu = folder_.path() / "absent";
    use_kernel();
    if (!IsSkipped()) {
        expect_lack("absent", "qemu-system-x86");
    }
}

TEST_F(VirtualMachineOpening, OldQemuIsALack) {
    options_.qemu = script("echo 'QEMU emulator version 2.11.1'");
    use_kernel();
    if (!IsSkipped()) {
        expect_lack("is QEMU 2.11", "qemu-system-x86");
    }
}

TEST_F(VirtualMachineOpening, AbsentKernelIsALack) {
    const char* before = std::getenv("XDG_CACHE_HOME");
    const std::string kept = before == nullptr ? "" : before;
    ::setenv("XDG_CACHE_HOME", folder_.path().c_str(), 1);
    expect_lack("kernel", "scripts/setup --vm");
    before == nullptr ? ::unsetenv("XDG_CACHE_HOME") : ::setenv("XDG_CACHE_HOME", kept.c_str(), 1);
}

TEST_F(VirtualMachineOpening, KernelWithoutADriverIsALack) {
    use_kernel();
    if (IsSkipped()) {
        return;
    }
    options_.kernel->modules = folder_.path() / "no-modules";
    fs::create_directory(options_.kernel->modules);
    expect_lack("", "scripts/setup --vm");
}

TEST_F(VirtualMachineOpening, QemuThatCannotRunIsALackWithItsOwnWords) {
    options_.qemu = script(
        "case $1 in --version) echo 'QEMU emulator version 7.2.0' ;; "
        "*) echo 'unsupported machine type' >&2; exit 1 ;; esac");
    use_kernel();
    if (!IsSkipped()) {
        expect_lack("unsupported machine type", "scripts/setup --vm");
    }
}

using VmOpening = VmTest;

TEST_F(VmOpening, CacheThatCannotBeWrittenMakesTheMachineBoot) {
    std::ofstream(folder_.path() / "file") << "no folder";
    VmOptions options;
    options.cache = folder_.path() / "file/cache";
    std::string progress;
    options.on_progress = [&progress](std::string_view line) { progress += std::string(line) + '\n'; };
    const auto opened = open_vm(*sandbox_, options);
    ASSERT_TRUE(opened) << opened.error().what;
    EXPECT_THAT(progress, HasSubstr("boots for every run"));
}

}  // namespace
}  // namespace vmlab::arena
