#include "vmlab/evidence/allocation_trace.hpp"

#include <gmock/gmock.h>

#include "evidence/evidence_testing.hpp"

namespace vmlab::evidence {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

AllocationCall only_call(const std::string& row) {
    const AllocationTrace trace = parse_allocation_trace("--7-- " + row + "\n");
    EXPECT_THAT(trace.calls, SizeIs(1)) << row;
    return trace.calls.empty() ? AllocationCall{} : trace.calls.front();
}

TEST(AllocationTrace, ReadsEveryFormThatMemcheckWrites) {
    const auto allocated = [](const std::string& row, const std::string& function, std::uint64_t size) {
        const AllocationCall call = only_call(row + " = 0x4D8FC80");
        EXPECT_EQ(call.function, function);
        EXPECT_EQ(call.size, size) << row;
        EXPECT_EQ(call.result, 0x4D8FC80U) << row;
        EXPECT_EQ(call.freed, 0U) << row;
    };
    allocated("malloc(123)", "malloc", 123);
    allocated("_Znwm(4)", "_Znwm", 4);
    allocated("_ZnamRKSt9nothrow_t(20)", "_ZnamRKSt9nothrow_t", 20);
    allocated("calloc(10,12)", "calloc", 120);
    allocated("memalign(al 64, size 100)", "memalign", 100);
    allocated("_ZnwmSt11align_val_t(size 64, al 128)", "_ZnwmSt11align_val_t", 64);
    allocated("realloc(0x0,15)malloc(15)", "realloc", 15);

    EXPECT_EQ(only_call("free(0x4D8FC80)").freed, 0x4D8FC80U);
    EXPECT_EQ(only_call("_ZdlPvm(0x4D8FC80)").freed, 0x4D8FC80U);
    EXPECT_FALSE(only_call("free(0x0)").deallocates());
}

TEST(AllocationTrace, ReallocGivesTheOldBlockBackOnlyWhenItSucceeds) {
    const AllocationCall grown = only_call("realloc(0x10,1000) = 0x20");
    EXPECT_EQ(grown.freed, 0x10U);
    EXPECT_EQ(grown.result, 0x20U);
    EXPECT_EQ(grown.size, 1000U);
    const AllocationCall refused = only_call("realloc(0x10,1000) = 0x0");
    EXPECT_FALSE(refused.deallocates());
    EXPECT_FALSE(refused.allocates());
    EXPECT_EQ(only_call("realloc(0x10,0)free(0x10)\n--7--  = 0").freed, 0x10U);
}

TEST(AllocationTrace, CutsASizeThatOverflows) {
    EXPECT_EQ(only_call("calloc(18446744073709551615,2) = 0x0").size, UINT64_MAX);
    EXPECT_EQ(only_call("calloc(18446744073709551615,0) = 0x10").size, 0U);
}

TEST(AllocationTrace, FollowsABlocksLifeThroughReuse) {
    const AllocationTrace trace = parse_allocation_trace(
        "--7-- malloc(4) = 0x10\n--7-- free(0x10)\n--7-- malloc(8) = 0x10\n--7-- free(0x99)\n--7-- malloc(4) "
        "= 0x20\n");
    const std::vector<Block> blocks = trace.blocks();
    ASSERT_THAT(blocks, SizeIs(3));
    EXPECT_EQ(blocks[0].freed_at, 1U);
    EXPECT_EQ(blocks[1].allocated_at, 2U);
    EXPECT_FALSE(blocks[1].freed_at);
    EXPECT_THAT(trace.blocks_of_size(4), SizeIs(2));
}

TEST(AllocationTrace, KeepsTheFirstProcessAlone) {
    const std::string log = "--7-- malloc(4) = 0x10\n--8-- malloc(5) = 0x20\n--7-- free(0x10)\n";
    EXPECT_THAT(parse_allocation_trace(log).calls, SizeIs(2));
    EXPECT_THAT(parse_allocation_trace(log, 8).calls, SizeIs(1));
}

TEST(AllocationTrace, CountsTornRows) {
    for (const char* row : {"malloc(4", "malloc(4)", "malloc(4) = ", "malloc(4) = 0x",
                            "malloc(4)--7-- free(0x10)", "realloc(0x10,20)malloc(8) = 0x20"}) {
        EXPECT_EQ(parse_allocation_trace(std::string("--7-- ") + row).torn_rows, 1U) << row;
    }
    EXPECT_EQ(parse_allocation_trace("--7-- malloc_usable_size(0x10) = 24\n").torn_rows, 0U);
    EXPECT_EQ(parse_allocation_trace("--7-- WARNING: unhandled amd64-linux syscall: 999\n").torn_rows, 0U);
}

TEST(AllocationTrace, ReadsRecordedLogs) {
    for (const char* name : {"errors.log", "memalign.log", "realloc.log", "exec.log", "forkexec.log"}) {
        const AllocationTrace trace = parse_allocation_trace(recorded(name));
        EXPECT_EQ(trace.torn_rows, 0U) << name;
        EXPECT_GT(trace.calls.size(), 10U) << name;
    }
    EXPECT_THAT(parse_allocation_trace(recorded("errors.log")).blocks_of_size(4), SizeIs(3));
}

TEST(AllocationTrace, SurvivesAnyCut) {
    const std::string log = recorded("memalign.log");
    for (std::size_t length = 0; length < log.size(); ++length) {
        EXPECT_LE(parse_allocation_trace(log.substr(0, length)).torn_rows, 1U);
    }
}

TEST(AllocationTrace, PassesOverWhatItDoesNotKnow) {
    const std::string log(
        "--7-- \0\xff(\n----\n--x-- malloc(4) = 0x10\n--99999999999999-- malloc(4) = 0x10\n\n==7== x\n", 80);
    EXPECT_THAT(parse_allocation_trace(log).calls, IsEmpty());
}

TEST(Remarks, AreValgrindsOwnWords) {
    EXPECT_EQ(
        remarks_in("--7-- malloc(4) = 0x10\n==7== Stack overflow\n==8== other\nvalgrind: too little memory\n",
                   7),
        "Stack overflow\nvalgrind: too little memory\n");
}

TEST(Addresses, AreFoundWhereverTheyStand) {
    EXPECT_THAT(
        addresses_in(
            "0x4d8fc80\nat 0X1 (0xFFFFFFFFFFFFFFFF) 0x 0xg 0x10000000000000000 00x2 0x00000000004D8FC80"),
        ElementsAre(0x4d8fc80U, 1U, UINT64_MAX, 2U, 0x4d8fc80U));
    EXPECT_THAT(addresses_in(""), IsEmpty());
}

}  // namespace
}  // namespace vmlab::evidence
