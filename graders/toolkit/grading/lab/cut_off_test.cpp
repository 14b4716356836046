#include "grading/lab/cut_off.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "grading/lab/compiler.hpp"

namespace vmlab::grading {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr const char* killed = "g++: fatal error: Killed signal terminated program cc1plus\n";
constexpr const char* no_memory = "cc1plus: out of memory allocating 65536 bytes after a total of 9 bytes\n";

process::Run failed_with(const std::string& messages, std::uint64_t mebibytes = 100,
                         std::chrono::milliseconds time = 2s) {
    process::Run run;
    run.err = messages;
    run.status.code = 1;
    run.most_resident_bytes = mebibytes << 20U;
    run.processor_time = time;
    return run;
}

bool cut_off(const process::Run& run) {
    return was_cut_off(run, compiler_limits());
}

bool is_its_own_doing(const process::Run& run) {
    return require_own_limit(run, compiler_limits()).has_value();
}

TEST(WasCutOff, NotByAnOrdinaryError) {
    EXPECT_FALSE(cut_off(failed_with("it.cpp:1:1: error: 'x' was not declared\n")));
    process::Run good;
    good.status.code = 0;
    EXPECT_FALSE(cut_off(good));
}

TEST(WasCutOff, ByASignalOrForWantOfSomething) {
    for (const char* messages :
         {killed, no_memory, "virtual memory exhausted: Cannot allocate memory\n",
          "ld: final link failed: No space left on device\n",
          "g++: fatal error: vfork: Resource temporarily "
          "unavailable\n",
          "g++: internal compiler error: Segmentation fault signal terminated program cc1plus\n",
          "cannot execute 'as': execvp: Text file busy\n"}) {
        EXPECT_TRUE(cut_off(failed_with(messages))) << messages;
    }
    process::Run lost;
    lost.ending = process::Ending::lost;
    EXPECT_TRUE(cut_off(lost));
}

TEST(WasCutOff, NotByALimitOfOurs) {
    EXPECT_FALSE(cut_off(failed_with(killed, 300, 30s))) << "its processor time";
    EXPECT_FALSE(cut_off(failed_with(killed, 2000))) << "its memory";
    process::Run endless = failed_with("");
    endless.ending = process::Ending::output_limit;
    EXPECT_FALSE(cut_off(endless));
}

TEST(RequireOwnLimit, ACompilerKilledBelowItsLimitsIsNoFaultOfTheProgram) {
    const auto own = require_own_limit(failed_with(killed, 210), compiler_limits());
    ASSERT_FALSE(own);
    EXPECT_EQ(own.error().kind, process::ErrorKind::machine_lacks);
    EXPECT_THAT(own.error().what, HasSubstr("210 MiB"));
    EXPECT_THAT(own.error().fix, HasSubstr("more memory"));
}

TEST(RequireOwnLimit, ACompilerThatUsedUpWhatItMayIsTheProgramsDoing) {
    EXPECT_TRUE(is_its_own_doing(failed_with(killed, 300, 30s)));
    EXPECT_TRUE(is_its_own_doing(failed_with(killed, 2000)));
    EXPECT_TRUE(is_its_own_doing(failed_with("it.cpp:1:1: error: x\n")));
}

TEST(RequireOwnLimit, WantOfMemoryIsTheProgramsDoingWhereThisMachineGivesWhatTheLabAllows) {
    EXPECT_TRUE(is_its_own_doing(failed_with(no_memory, 900)));
    process::Limits more_than_there_is = compiler_limits();
    more_than_there_is.address_space_bytes = 1ULL << 60U;
    EXPECT_FALSE(require_own_limit(failed_with(no_memory, 900), more_than_there_is));
}

}  // namespace
}  // namespace vmlab::grading
