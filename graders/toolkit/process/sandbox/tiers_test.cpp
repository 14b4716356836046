// Which tiers open on machines of other kinds, each imitated in a process of its own.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "process/sandbox/run_user.hpp"
#include "vmlab/process/sandbox.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::process {
namespace {

/// In a process of its own: `change` first, then whether the tier opens and who a program in it is. Exit
/// status 0: as expected; 1: not; 2: this machine does not let us change it.
template <typename Change, typename Expect>
[[noreturn]] void open_after(Change change, TierChoice choice, Expect expect) {
    const auto folder = TemporaryFolder::create();
    if (!folder || !change()) {
        std::_Exit(2);
    }
    const auto sandbox = Sandbox::open(choice, VMLAB_SUPPORT_DIR, folder->path());
    std::fputs(sandbox ? "opened\n" : (sandbox.error().what + "; " + sandbox.error().fix + "\n").c_str(),
               stderr);
    std::_Exit(expect(sandbox) ? 0 : 1);
}

bool lose_landlock() {
    const scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ALLOW);
    return filter != nullptr &&
           ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0) == 0 &&
           ::seccomp_load(filter) == 0;
}

bool map_one_uid() {
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    if (::unshare(CLONE_NEWUSER) != 0) {
        return false;
    }
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << fmt::format("0 {} 1", uid);
    std::ofstream("/proc/self/gid_map") << fmt::format("0 {} 1", gid);
    return ::geteuid() == 0;
}

TEST(SandboxDeathTest, GradesNothingAsAnotherUserWithoutLandlock) {
    if (!RunUser::is_possible()) {
        GTEST_SKIP() << "needs root with uids to give away";
    }
    EXPECT_EXIT(open_after(lose_landlock, TierChoice::separate_user,
                           [](const Result<Sandbox>& sandbox) {
                               return !sandbox && sandbox.error().kind == ErrorKind::machine_lacks;
                           }),
                ::testing::ExitedWithCode(0), "no Landlock");
}

TEST(SandboxDeathTest, HasNamespacesWhereOneUidIsMapped) {
    EXPECT_EXIT(
        open_after(map_one_uid, TierChoice::automatic,
                   [](const Result<Sandbox>& sandbox) {
                       return (sandbox && sandbox->tier() == Tier::namespaces) ||
                              !Sandbox::open(TierChoice::namespaces, VMLAB_SUPPORT_DIR, "/tmp");
                   }),
        [](int status) { return WIFEXITED(status) && WEXITSTATUS(status) != 1; }, "");
}

}  // namespace
}  // namespace vmlab::process
