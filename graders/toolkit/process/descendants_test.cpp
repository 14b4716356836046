#include "vmlab/process/descendants.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace vmlab::process {
namespace {

/// Exit status 0 when a grandchild whose parent has ended is gone after end_descendants.
[[noreturn]] void leave_a_grandchild_and_end_it() {
    adopt_descendants();
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) {
        ::_exit(2);
    }
    if (::fork() == 0) {
        if (::fork() == 0) {
            ::close(ends[0]);
            ::pause();  // holds the pipe's writing end
        }
        ::_exit(0);
    }
    ::close(ends[1]);
    ::wait(nullptr);
    end_descendants();
    char byte = 0;
    ::_exit(::read(ends[0], &byte, 1) == 0 ? 0 : 1);
}

TEST(Descendants, AreEndedThoughTheirParentHasGone) {
    EXPECT_EXIT(leave_a_grandchild_and_end_it(), ::testing::ExitedWithCode(0), "");
}

TEST(Descendants, MayBeNone) {
    EXPECT_EXIT(
        {
            end_descendants();
            ::_exit(0);
        },
        ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace vmlab::process
