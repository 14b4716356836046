#include "arena/vm/machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::arena {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;

// A program that stands in for QEMU.
struct FakeQemu {
    process::TemporaryFolder folder = process::TemporaryFolder::create().value();
    fs::path file = folder.path() / "qemu-system-x86_64";

    explicit FakeQemu(const std::string& script) {
        std::ofstream(file) << "#!/bin/sh\n" << script << '\n';
        fs::permissions(file, fs::perms(0755));
    }
};

TEST(VirtualMachine, HasTheSmallestMemoryThatHoldsTheRequest) {
    EXPECT_EQ(vm_memory_mib(1), 128U);
    EXPECT_EQ(vm_memory_mib(128U << 20U), 128U);
    EXPECT_EQ(vm_memory_mib((128U << 20U) + 1), 256U);
    EXPECT_EQ(vm_memory_mib(2ULL << 30U), 2048U);
    const auto more = vm_memory_mib((2ULL << 30U) + 1);
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().kind, process::ErrorKind::machine_lacks);
}

TEST(VirtualMachine, RunsWithQemusOwnSandboxAndTheEmulator) {
    const Machine machine{"/usr/bin/qemu-system-x86_64", 256};
    for (const process::Job& job :
         {machine.boot({"/k", "/i"}, "/disk"), machine.restore("/state", "/disk")}) {
        EXPECT_THAT(job.argv, Contains("tcg,tb-size=128"));
        EXPECT_THAT(job.argv, Contains("256M"));
        EXPECT_THAT(job.argv, Contains(HasSubstr("spawn=deny")));
        EXPECT_THAT(job.argv, Contains("-no-reboot"));
        EXPECT_THAT(job.readable, Contains("/disk"));
        EXPECT_TRUE(job.writable.empty());
    }
}

TEST(VirtualMachine, OldQemuIsRefused) {
    const FakeQemu old("echo 'QEMU emulator version 4.2.1 (Debian 1:4.2-3)'");
    const auto works = check_qemu_version(old.file);
    ASSERT_FALSE(works);
    EXPECT_EQ(works.error().kind, process::ErrorKind::machine_lacks);
    EXPECT_THAT(works.error().what, HasSubstr("is QEMU 4.2, and the VM arena needs 6.0"));
    EXPECT_THAT(works.error().fix, HasSubstr("qemu-system-x86"));
}

TEST(VirtualMachine, NewerQemuIsTaken) {
    const FakeQemu newer("echo 'QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)'");
    EXPECT_TRUE(check_qemu_version(newer.file));
}

TEST(VirtualMachine, BrokenQemuIsRefused) {
    const FakeQemu broken("echo 'error while loading shared libraries: libfdt.so.1' >&2; exit 127");
    const auto works = check_qemu_version(broken.file);
    ASSERT_FALSE(works);
    EXPECT_THAT(works.error().what, HasSubstr("libfdt.so.1"));
}

TEST(VirtualMachine, LastLinesOfAConsoleArePrintable) {
    EXPECT_EQ(last_lines(""), "(nothing)");
    EXPECT_EQ(last_lines("\r\n\x1b\n"), "(nothing)");
    EXPECT_EQ(last_lines("one\r\ntwo\x1b[0m\r\n"), "one\ntwo[0m");
    EXPECT_EQ(last_lines("1\n2\n3\n4\n5\n6\n7\n8\n"), "3\n4\n5\n6\n7\n8");
}

}  // namespace
}  // namespace vmlab::arena
