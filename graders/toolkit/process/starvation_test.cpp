#include "process/starvation.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace vmlab::process {
namespace {

using namespace std::chrono_literals;

/// A child that runs `work` until the object goes.
class Child {
  public:
    template <class Work>
    explicit Child(Work work) : pid_(::fork()) {
        if (pid_ == 0) {
            work();
            ::_exit(0);
        }
    }
    ~Child() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    pid_t pid_;
};

void pin_to_first_processor() {
    cpu_set_t allowed;
    ::sched_getaffinity(0, sizeof allowed, &allowed);
    for (int i = 0; i < CPU_SETSIZE; ++i) {
        if (CPU_ISSET(i, &allowed)) {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(i, &one);
            ::sched_setaffinity(0, sizeof one, &one);
            return;
        }
    }
}

void spin() {
    pin_to_first_processor();
    volatile unsigned turns = 0;
    for (;;) {
        turns = turns + 1;
    }
}

/// Looks until the sum is large enough. False after a minute.
bool starves(Starvation& starvation, std::chrono::nanoseconds wanted) {
    for (int i = 0; i < 600; ++i) {
        if (starvation.update() >= wanted) {
            return true;
        }
        std::this_thread::sleep_for(100ms);
    }
    return false;
}

constexpr ThreadLook look_of(char state, std::chrono::nanoseconds ran, std::chrono::nanoseconds waited,
                             std::uint64_t turns) {
    return {.ran = ran, .waited = waited, .turns = turns, .state = state};
}

TEST(KeptWaiting, IsWhatTheKernelCounted) {
    EXPECT_EQ(kept_waiting(look_of('S', 1s, 2s, 5), look_of('S', 1s, 2300ms, 6), 1s), 300ms);
    EXPECT_EQ(kept_waiting(look_of('R', 1s, 2s, 5), look_of('R', 1s, 2300ms, 6), 1s), 300ms);
}

TEST(KeptWaiting, CountsAWaitThatStillLasts) {
    // A kernel was seen to leave a compiler ready, but without a processor, for 31 s: all of that came at
    // once.
    EXPECT_EQ(kept_waiting(look_of('R', 1s, 2s, 5), look_of('R', 1s, 2s, 5), 1s), 1s);
}

TEST(KeptWaiting, IsNothingForWhoRunsAllTheTime) {
    EXPECT_EQ(kept_waiting(look_of('R', 1s, 2s, 5), look_of('R', 2s, 2s, 5), 1s), 0s);
}

TEST(KeptWaiting, IsNothingForWhoSleptAndWasFoundReadyTwice) {
    EXPECT_EQ(kept_waiting(look_of('R', 1s, 2s, 5), look_of('R', 1s, 2s, 7), 1s), 0s);
    EXPECT_EQ(kept_waiting(look_of('S', 1s, 2s, 5), look_of('R', 1s, 2s, 5), 1s), 0s);
    EXPECT_EQ(kept_waiting(look_of('S', 1s, 2s, 5), look_of('S', 1s, 2s, 5), 1s), 0s);
}

TEST(KeptWaiting, CountsAWaitForTheKernelButNotForAnOwnChild) {
    EXPECT_EQ(kept_waiting(look_of('D', 1s, 2s, 5), look_of('D', 1s, 2s, 5), 1s), 1s);
    ThreadLook vforked = look_of('D', 1s, 2s, 5);
    vforked.has_children = true;
    EXPECT_EQ(kept_waiting(vforked, vforked, 1s), 0s);
}

TEST(Starvation, DoesNotCountTheWaitForAVforkedChild) {
    const Child parent([] {
        if (const pid_t child = ::vfork(); child == 0) {  // NOLINT(clang-analyzer-security.insecureAPI.vfork)
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::pause();
            ::_exit(0);
        }
    });
    Starvation starvation(parent.pid());
    std::chrono::nanoseconds least = 1h;
    // On a busy machine the child itself may wait at first.
    for (int i = 0; i < 60 && least > 400ms; ++i) {
        const auto before = starvation.update();
        std::this_thread::sleep_for(500ms);
        least = std::min(least, starvation.update() - before);
    }
    EXPECT_LE(least, 400ms);
}

TEST(Starvation, CountsTheWaitForABusyProcessor) {
    const Child rival(spin);
    const Child other(spin);
    const Child starved(spin);
    Starvation starvation(starved.pid());
    EXPECT_TRUE(starves(starvation, 300ms))
        << "three programs share a processor, and none of them waits for it";
}

TEST(Starvation, SeesTheProcessesBelow) {
    const Child rival(spin);
    const Child parent([] {
        if (::fork() == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            spin();
        }
        ::pause();
    });
    Starvation starvation(parent.pid());
    EXPECT_TRUE(starves(starvation, 200ms));
}

TEST(Starvation, DoesNotCountSleep) {
    const Child sleeper([] { ::pause(); });
    Starvation starvation(sleeper.pid());
    starvation.update();
    const auto begun = std::chrono::steady_clock::now();
    const auto before = starvation.update();
    std::this_thread::sleep_for(500ms);
    const auto starved = starvation.update() - before;
    const auto passed = std::chrono::steady_clock::now() - begun;
    EXPECT_LT(starved, std::max<std::chrono::nanoseconds>(400ms, passed - 2s))
        << "a sleeping program waits for nothing";
}

TEST(Starvation, CountsTheTimeInWhichTheWatcherItselfDidNotRun) {
    const Child sleeper([] { ::pause(); });
    Starvation starvation(sleeper.pid());
    const auto before = starvation.update();
    std::this_thread::sleep_for(2500ms);
    EXPECT_GE(starvation.update() - before, 500ms) << "what came and went meanwhile was not seen";
}

TEST(Starvation, IsZeroForAProcessThatIsGone) {
    Starvation starvation(0x3fffffff);
    EXPECT_EQ(starvation.update().count(), 0);
}

}  // namespace
}  // namespace vmlab::process
