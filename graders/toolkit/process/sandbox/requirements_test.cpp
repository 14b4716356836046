#include "process/sandbox/requirements.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::process {
namespace {

/// In a child, which may change its own machine: the exit status is the test's outcome.
int in_a_child(const std::function<int()>& test) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(test());
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

constexpr int cannot_try = 77;

TEST(RequireLimits, NamesTheOptionOfUlimitThatLiftsTheLimit) {
    EXPECT_EQ(in_a_child([] {
                  const rlimit low{1U << 30U, 1U << 30U};
                  if (::setrlimit(RLIMIT_AS, &low) != 0) {
                      return cannot_try;
                  }
                  const auto enough = require_limits();
                  const bool names =
                      !enough && enough.error().kind == ErrorKind::machine_lacks &&
                      enough.error().what.find("1024 MiB of address space") != std::string::npos &&
                      enough.error().fix.find("ulimit -v") != std::string::npos;
                  return names ? 0 : 1;
              }),
              0);
}

TEST(RequireExecution, IsMetByAnOrdinaryFolder) {
    EXPECT_TRUE(require_execution("/usr", ""));
    EXPECT_TRUE(require_execution("/nowhere", "")) << "another's error to tell";
}

TEST(RequireExecution, IsNotMetWhereTheFileSystemIsMountedNoexec) {
    const auto folder = TemporaryFolder::create();
    ASSERT_TRUE(folder);
    const int outcome = in_a_child([&] {
        if (::unshare(CLONE_NEWNS) != 0 ||
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("tmpfs", folder->path().c_str(), "tmpfs", MS_NOEXEC, "size=64k") != 0) {
            return cannot_try;
        }
        const auto able = require_execution(folder->path(), "do this");
        return !able && able.error().fix == "do this" && able.error().what.find("noexec") != std::string::npos
                   ? 0
                   : 1;
    });
    if (outcome == cannot_try) {
        GTEST_SKIP() << "needs root, to mount";
    }
    EXPECT_EQ(outcome, 0);
}

}  // namespace
}  // namespace vmlab::process
