#include "vmlab/process/tools.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>
#include <stdexcept>
#include <string>

namespace vmlab::process {
namespace {

using ::testing::HasSubstr;

/// Restores the limit of open files.
class FewDescriptors {
  public:
    explicit FewDescriptors(rlim_t most) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit few{most, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &few);
    }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
};

bool has_child() {
    return ::waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD;
}

TEST(Tools, NamesThePackageOfAMissingTool) {
    const auto tool = find_tool("no-such-tool", "some-package");
    ASSERT_FALSE(tool);
    EXPECT_EQ(tool.error().kind, ErrorKind::machine_lacks);
    EXPECT_THAT(tool.error().fix, HasSubstr("some-package"));
}

TEST(Tools, TellsWhatAToolSaidAndHowItEnded) {
    const auto run = run_tool({"/bin/sh", "-c", "echo out; echo err >&2; exit 3"});
    ASSERT_TRUE(run) << run.error().what;
    EXPECT_EQ(run->out, "out\n");
    EXPECT_EQ(run->err, "err\n");
    EXPECT_TRUE(run->status.exited_with(3));
}

TEST(Tools, FailsCleanlyWithoutDescriptors) {
    // From too few for the pipes to enough for all: each is a plain error or a plain run.
    bool has_failed = false;
    for (rlim_t most = 3; most < 24; ++most) {
        const FewDescriptors few(most);
        const auto run = run_tool({"/bin/true"});
        has_failed = has_failed || !run;
        EXPECT_TRUE(!run || run->succeeded()) << most << ": " << run->describe();
        EXPECT_FALSE(has_child()) << most;
    }
    EXPECT_TRUE(has_failed);
    EXPECT_TRUE(run_tool({"/bin/true"})->succeeded());
}

TEST(Tools, LeavesNothingRunningWhenACallbackThrows) {
    ToolOptions options;
    options.on_output = [](std::string_view) { throw std::runtime_error("enough"); };
    EXPECT_THROW((void)run_tool({"/bin/sh", "-c", "echo ready; exec sleep 1000"}, options),
                 std::runtime_error);
    EXPECT_FALSE(has_child());
}

}  // namespace
}  // namespace vmlab::process
