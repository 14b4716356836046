#include "arena/vm/order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vmlab::arena {
namespace {

using namespace std::chrono_literals;

Request request_of(std::vector<std::string> argv) {
    Request request;
    Contestant contestant;
    contestant.job.argv = std::move(argv);
    request.contestants.push_back(std::move(contestant));
    return request;
}

TEST(VirtualMachineOrder, SaysWhatTheRequestSays) {
    Request request = request_of({"/p/hog", "--fast"});
    Contestant& contestant = request.contestants[0];
    contestant.job.environment = {{"A", "1"}};
    contestant.job.input = "typed";
    contestant.job.readable = {"/p"};
    contestant.job.limits.wall = 7s;
    contestant.job.oom_score_adj_floor = -500;
    contestant.start_after_lines = 3;
    contestant.oom_score_adj = 900;
    contestant.hold_at_exit = 2500ms;
    contestant.dialogue = std::vector<Push>{{.reclaim = true, .spoiled_page = 7}};
    contestant.memory_bytes = 12U << 20U;
    contestant.swap_bytes = 0;
    contestant.job.limits.locked_bytes = 1U << 20U;
    contestant.job.start.huge_pages = false;
    request.swap_bytes = 64U << 20U;
    request.over_when_ended = 0;
    request.sample_interval = 20ms;
    request.manual_kill = ManualKill{.contestant = 0, .after_lines = 2};

    const auto made = vm_order(request);
    ASSERT_TRUE(made);
    ASSERT_EQ(made->order.programs.size(), 1U);
    const wire::Program& program = made->order.programs[0];
    EXPECT_THAT(program.argv, testing::ElementsAre("/p/hog", "--fast"));
    EXPECT_THAT(program.environment, testing::Contains(testing::Pair("A", "1")));
    EXPECT_THAT(program.environment, testing::Contains(testing::Pair("LC_ALL", "C")));
    EXPECT_EQ(program.input, "typed");
    EXPECT_EQ(program.start_after_lines, 3);
    EXPECT_EQ(program.oom_score_adj, 900);
    EXPECT_EQ(program.oom_score_adj_floor, -500);
    EXPECT_EQ(program.hold_at_exit_ms, 2500U);
    EXPECT_FALSE(program.as_root);
    ASSERT_TRUE(program.dialogue);
    ASSERT_EQ(program.dialogue->size(), 1U);
    EXPECT_TRUE(program.dialogue->front().reclaim);
    EXPECT_EQ(program.dialogue->front().spoiled_page, 7U);
    EXPECT_EQ(program.memory_bytes, 12U << 20U);
    EXPECT_EQ(program.swap_bytes, 0U);
    EXPECT_EQ(program.locked_bytes, 1U << 20U);
    EXPECT_FALSE(program.huge_pages);
    EXPECT_EQ(made->order.swap_bytes, 64U << 20U);
    EXPECT_EQ(made->order.over_when_ended, 0U);
    EXPECT_EQ(made->order.sample_ms, 20U);
    ASSERT_TRUE(made->order.manual_kill);
    EXPECT_EQ(made->order.manual_kill->after_lines, 2);
    EXPECT_GT(made->order.unix_ms, 1'700'000'000'000U);
    EXPECT_THAT(made->files, testing::ElementsAre("/p", "/bin/sh"));
}

TEST(VirtualMachineOrder, GroupHasRoomForTheKernelBesideIt) {
    Request request = request_of({"/p"});
    request.memory_bytes = 64U << 20U;
    const auto made = vm_order(request);
    EXPECT_EQ(made->order.group_bytes, 64U << 20U);
    EXPECT_EQ(made->machine_bytes, 160U << 20U);
}

TEST(VirtualMachineOrder, MachineIsNoGroup) {
    Request request = request_of({"/p"});
    request.memory_bytes = 128U << 20U;
    request.scope = Scope::machine;
    const auto made = vm_order(request);
    EXPECT_FALSE(made->order.group_bytes);
    EXPECT_EQ(made->machine_bytes, 128U << 20U);
}

TEST(VirtualMachineOrder, HostWaitsLongerThanAllProgramsTogetherMay) {
    Request request = request_of({"/p"});
    request.contestants[0].job.limits.wall = 10s;
    request.contestants.push_back(request.contestants[0]);
    const auto made = vm_order(request);
    EXPECT_GT(made->wall,
              std::chrono::milliseconds(made->order.programs[0].wall_ms + made->order.programs[1].wall_ms));
}

TEST(VirtualMachineOrder, InstrumentsAreRefused) {
    Request with_channel = request_of({"/p"});
    with_channel.contestants[0].job.channels = {1012};
    Request with_folder = request_of({"/p"});
    with_folder.contestants[0].job.writable = {"/p"};
    for (const Request& request : {with_channel, with_folder}) {
        const auto made = vm_order(request);
        ASSERT_FALSE(made);
        EXPECT_EQ(made.error().kind, process::ErrorKind::machine_lacks);
        EXPECT_FALSE(made.error().fix.empty());
    }
}

}  // namespace
}  // namespace vmlab::arena
