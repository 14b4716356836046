#include "grading/lab/known_good.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "grading/lab/scratch_folder.hpp"

namespace vmlab::grading {
namespace {

using process::ErrorKind;
using ::testing::HasSubstr;

process::Error fault_of(const std::string& messages) {
    process::Run run;
    run.err = messages;
    run.status.code = 1;
    return compiler_fault(run, "12");
}

TEST(KnownGoodProgram, CompilesHere) {
    const testing_tools::ScratchFolder scratch;
    const auto sandbox =
        process::Sandbox::open(process::TierChoice::automatic, VMLAB_SUPPORT_DIR, scratch.path());
    if (!sandbox) {
        GTEST_SKIP() << sandbox.error().what;
    }
    const auto good = require_known_good(*sandbox, scratch.path());
    EXPECT_TRUE(good) << good.error().what;
    EXPECT_TRUE(std::filesystem::is_empty(scratch.path())) << "it leaves nothing";
}

TEST(CompilerFault, NamesThePackageOfAMissingHeader) {
    const auto package_of = [](const std::string& header) {
        return fault_of("known_good.cpp:1:10: fatal error: " + header + ": No such file or directory\n").fix;
    };
    EXPECT_THAT(package_of("iostream"), HasSubstr("libstdc++-12-dev"));
    EXPECT_THAT(package_of("bits/c++config.h"), HasSubstr("libstdc++-12-dev"));
    EXPECT_THAT(package_of("fmt/core.h"), HasSubstr("libfmt-dev"));
    EXPECT_THAT(package_of("sys/mman.h"), HasSubstr("libc6-dev"));
    EXPECT_THAT(package_of("bits/libc-header-start.h"), HasSubstr("libc6-dev"));
    EXPECT_THAT(package_of("linux/errno.h"), HasSubstr("linux-libc-dev"));
    EXPECT_THAT(package_of("stddef.h"), HasSubstr("libgcc-12-dev"));
}

TEST(CompilerFault, NamesWhatCannotBeStartedOrLinked) {
    EXPECT_THAT(fault_of("g++: fatal error: cannot execute 'cc1plus': execvp: No such file").fix,
                HasSubstr("g++-12"));
    EXPECT_THAT(fault_of("g++: fatal error: cannot execute 'as': execvp: No such file").fix,
                HasSubstr("binutils"));
    EXPECT_THAT(fault_of("collect2: fatal error: cannot find 'ld'").fix, HasSubstr("binutils"));
    EXPECT_THAT(fault_of("/usr/bin/ld: cannot find -lfmt: No such file").fix, HasSubstr("libfmt-dev"));
    EXPECT_THAT(fault_of("/usr/bin/ld: cannot find -lstdc++").fix, HasSubstr("libstdc++-12-dev"));
    EXPECT_THAT(fault_of("/usr/bin/ld: cannot find Scrt1.o: No such file").fix, HasSubstr("libc6-dev"));
}

TEST(CompilerFault, NamesMemoryAndRoom) {
    for (const char* messages : {"g++: fatal error: Killed signal terminated program cc1plus\n",
                                 "cc1plus: out of memory allocating 65536 bytes after a total of 100 bytes\n",
                                 "virtual memory exhausted: Cannot allocate memory\n"}) {
        const auto fault = fault_of(messages);
        EXPECT_EQ(fault.kind, ErrorKind::machine_lacks);
        EXPECT_THAT(fault.fix, HasSubstr("more memory")) << messages;
    }
    EXPECT_THAT(fault_of("/tmp/ccX.s: fatal error: error writing to /tmp/ccX.s: No space left on device").fix,
                HasSubstr("Free some space"));
}

TEST(CompilerFault, NamesAnOldCompilerAndAFolderThatIsClosed) {
    EXPECT_THAT(fault_of("g++: error: unrecognized command-line option '-std=c++20'\n").what,
                HasSubstr("does not know C++20"));
    EXPECT_THAT(fault_of("cc1plus: fatal error: /tmp/x/known_good.cpp: Permission denied\n").fix,
                HasSubstr("TMPDIR"));
}

TEST(CompilerFault, OfAnUnknownKindIsTheGraders) {
    const auto fault = fault_of("known_good.cpp:3:1: error: something odd\n");
    EXPECT_EQ(fault.kind, ErrorKind::failed);
    EXPECT_THAT(fault.what, HasSubstr("something odd"));
    EXPECT_THAT(fault.fix, HasSubstr("--reinstall g++-12"));
    EXPECT_THAT(fault_of("").what, HasSubstr("said nothing"));
}

}  // namespace
}  // namespace vmlab::grading
