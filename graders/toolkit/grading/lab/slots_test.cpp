#include "vmlab/grading/slots.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>
#include <vector>

#include "grading/lab/scratch_folder.hpp"

namespace vmlab::grading {
namespace {

using namespace std::chrono_literals;
using testing_tools::ScratchFolder;

TEST(SlotsTest, NoMoreAreHeldThanThereAre) {
    const ScratchFolder scratch;
    const Slots slots(scratch.path(), 2);
    std::atomic<int> held{0};
    std::atomic<int> most{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&] {
            const auto slot = slots.take();
            ASSERT_TRUE(slot);
            const int now = ++held;
            int before = most.load();
            while (before < now && !most.compare_exchange_weak(before, now)) {
            }
            std::this_thread::sleep_for(20ms);
            --held;
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(most.load(), 2);
}

TEST(SlotsTest, AGraderThatDiesGivesItsSlotBack) {
    const ScratchFolder scratch;
    const Slots slots(scratch.path(), 1);
    const pid_t child = fork();
    if (child == 0) {
        const auto slot = slots.take();
        _exit(slot ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    EXPECT_TRUE(slots.take());
}

TEST(SlotsTest, ASlotIsFreeThoughAForkedChildStillHasTheFileOpen) {
    const ScratchFolder scratch;
    const Slots slots(scratch.path(), 1);
    std::optional<Slots::Held> held(slots.take().value());
    const pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    held.reset();
    EXPECT_TRUE(slots.take());
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
}

TEST(SlotsTest, WhoHasAllOfThemIsAlone) {
    const ScratchFolder scratch;
    const Slots slots(scratch.path(), 3);
    std::atomic<int> held{0};
    const auto use = [&](int slots_held) {
        EXPECT_LE(held += slots_held, 3);
        std::this_thread::sleep_for(5ms);
        held -= slots_held;
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, wants_all = i % 2 == 0] {
            if (wants_all) {
                const auto all = slots.take_all();
                ASSERT_TRUE(all);
                use(3);
            } else {
                const auto slot = slots.take();
                ASSERT_TRUE(slot);
                use(1);
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

TEST(SlotsTest, AFolderThatIsMissingIsAnError) {
    const ScratchFolder scratch;
    EXPECT_FALSE(Slots(scratch.path() / "missing", 1).take());
    EXPECT_FALSE(Slots(scratch.path() / "missing", 1).take_all());
}

}  // namespace
}  // namespace vmlab::grading
