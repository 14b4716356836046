#include "process/advice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "vmlab/process/error.hpp"

namespace vmlab::process {
namespace {

using ::testing::HasSubstr;

TEST(Advice, FitsTheComplaint) {
    EXPECT_THAT(advice_on("fork: Resource temporarily unavailable"), HasSubstr("ulimit -u"));
    EXPECT_THAT(advice_on("seccomp: Invalid argument"), HasSubstr("CONFIG_SECCOMP_FILTER"));
    EXPECT_THAT(advice_on("seccomp: Operation not permitted"), HasSubstr("seccomp=unconfined"));
    EXPECT_THAT(advice_on("memfd_create for standard input: Function not implemented"),
                HasSubstr("Linux 5.3"));
    EXPECT_THAT(advice_on("bwrap: Creating new namespace failed: No space left on device"),
                HasSubstr("max_user_namespaces"));
    EXPECT_THAT(advice_on("write /tmp/x: No space left on device"), HasSubstr("TMPDIR"));
    EXPECT_EQ(advice_on("open /x: No such file or directory"), "");
    EXPECT_EQ(advice_on(""), "");
}

TEST(Advice, ComesWithSystemErrors) {
    errno = EAGAIN;
    EXPECT_THAT(system_error("fork").fix, HasSubstr("ulimit -u"));
    errno = ENOENT;
    EXPECT_EQ(system_error("open", "/x").fix, "");
}

}  // namespace
}  // namespace vmlab::process
