// cgroup version 2 for real, also on a machine that has version 1 only: the tests of the cgroup arenas run
// in the guest, as its root, and each must pass there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "arena/vm/attempt.hpp"
#include "arena/vm/input.hpp"
#include "arena/vm/machine.hpp"
#include "arena/vm/order.hpp"
#include "arena/vm/testing.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::arena {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

using VmCgroup2Test = VmTest;

// The shared libraries of a program, as the loader finds them.
std::vector<fs::path> libraries_of(const fs::path& program) {
    std::vector<fs::path> libraries;
    const auto run = process::run_tool({"/usr/bin/ldd", program.string()});
    std::istringstream words(run ? run->out : "");
    for (std::string word; words >> word;) {
        if (word.starts_with('/')) {
            libraries.emplace_back(word);
        }
    }
    return libraries;
}

TEST_F(VmCgroup2Test, ArenaOfCgroupsPassesItsTestsOnVersion2) {
    // Without its debug information, to spare the guest's memory.
    const fs::path tests = folder_.path() / "vmlab_arena_test";
    const auto stripped = process::run_tool(
        {"/usr/bin/strip", "-o", tests.string(), fs::read_symlink("/proc/self/exe").string()});
    ASSERT_TRUE(stripped && stripped->succeeded());

    Contestant contestant;
    contestant.job.argv = {tests.string(),
                           "--gtest_filter=CgroupArenaTest.*:EnclosureTest.LimitsProcessesWhereItCan",
                           "--gtest_brief=0"};
    contestant.job.environment = {{"ASAN_OPTIONS", "detect_leaks=0"}, {"HOME", "/root"}};
    contestant.job.readable = libraries_of(tests);
    for (const char* file : {"/usr/bin/dash", "/usr/bin/true", "/usr/bin/sleep"}) {
        contestant.job.readable.emplace_back(file);
    }
    contestant.job.readable.emplace_back(tests);
    contestant.job.readable.emplace_back(VMLAB_SUPPORT_DIR "/vmlab-hog");
    contestant.job.readable.emplace_back(VMLAB_SUPPORT_DIR "/vmlab-launch");
    contestant.job.limits = {};
    contestant.job.limits.wall = 120s;
    contestant.job.limits.data_bytes = 0;
    contestant.job.limits.stack_bytes = 0;
    const Request request = VmTest::request(Scope::machine, {std::move(contestant)});
    auto order = vm_order(request);
    ASSERT_TRUE(order) << order.error().what;
    order->order.programs[0].as_root = true;

    const fs::path folder = folder_.path() / "machine";
    fs::create_directory(folder);
    const auto disk = make_vm_disk(folder, order->order, order->files);
    ASSERT_TRUE(disk) << disk.error().what;
    const auto kernel = find_kernel();
    ASSERT_TRUE(kernel);
    const auto plan = plan_image(*kernel, VMLAB_SUPPORT_DIR);
    ASSERT_TRUE(plan);
    const auto files = write_image(*plan, folder);
    ASSERT_TRUE(files);
    order->wall += 60s;
    const Machine machine{find_qemu().value(), 512};
    const Attempt done = attempt(*sandbox_, machine.boot(*files, *disk), request, *order, 90s);
    ASSERT_TRUE(done.outcome) << done.outcome.error().what;

    const process::Run& run = done.outcome->contestants[0].run;
    EXPECT_TRUE(run.succeeded()) << run.describe() << '\n' << run.out << run.err;
    EXPECT_THAT(run.out, testing::HasSubstr("[  PASSED  ] "));
    EXPECT_THAT(run.out, testing::HasSubstr("The arena's kind is cgroup2."));
    EXPECT_THAT(run.out, testing::Not(testing::HasSubstr("SKIPPED")));
}

}  // namespace
}  // namespace vmlab::arena
