#include "process/tool_environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "vmlab/process/tools.hpp"

namespace vmlab::process {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Variables of this process, for as long as this object lives.
class Variable {
  public:
    Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
    ~Variable() { ::unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

  private:
    const char* name_;
};

TEST(ToolEnvironment, KeepsWhereFilesAreAndNothingElse) {
    const Variable kernel("VMLAB_KERNEL", "/boot/mine");
    const Variable filter("GTEST_FILTER", "-*");
    const Variable tunables("GLIBC_TUNABLES", "glibc.malloc.check=3");
    const Variable other("VMLAB_HEAP_SEED", "1");
    const auto environment = tool_environment();
    EXPECT_THAT(environment, Contains("VMLAB_KERNEL=/boot/mine"));
    EXPECT_THAT(environment, Contains("LC_ALL=C"));
    EXPECT_THAT(environment, Not(Contains(StartsWith("GTEST_"))));
    EXPECT_THAT(environment, Not(Contains(StartsWith("GLIBC_"))));
    EXPECT_THAT(environment, Not(Contains(StartsWith("VMLAB_HEAP_SEED"))));
}

TEST(ToolEnvironment, IsWhatToolsGet) {
    const Variable options("VALGRIND_OPTS", "--tool=none");
    const Variable zone("TZ", "Asia/Tokyo");
    const auto run = run_tool({"/usr/bin/env"});
    ASSERT_TRUE(run) << run.error().what;
    EXPECT_THAT(run->out, HasSubstr("PATH="));
    EXPECT_THAT(run->out, Not(HasSubstr("VALGRIND_OPTS")));
    EXPECT_THAT(run->out, Not(HasSubstr("TZ=")));
}

}  // namespace
}  // namespace vmlab::process
