#include "arena/contest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace vmlab::arena {
namespace {

using namespace std::chrono_literals;
using process::Ending;
using process::Job;

Contestant named(const std::string& name, int start_after_lines = 0) {
    Contestant contestant;
    contestant.job.argv = {name};
    contestant.start_after_lines = start_after_lines;
    return contestant;
}

// Waits as a run does that only Job::stop ends.
process::Result<process::Run> until_stopped(const Job& job) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    changed.wait(lock, job.stop, [] { return false; });
    process::Run run;
    run.ending = Ending::stopped;
    return run;
}

std::vector<std::filesystem::path> entrances(std::size_t count) {
    std::vector<std::filesystem::path> paths;
    for (std::size_t i = 0; i < count; ++i) {
        paths.push_back("seat" + std::to_string(i));
    }
    return paths;
}

process::Result<std::vector<ContestantResult>> contest(const Request& request, const Runner& runner) {
    return run_contest(runner, request, entrances(request.contestants.size()));
}

TEST(Contest, EachContestantJoinsItsOwnGroup) {
    Request request;
    request.contestants = {named("a"), named("b")};
    request.contestants[1].job.cgroups = {"another"};
    std::mutex mutex;
    std::map<std::string, std::vector<std::filesystem::path>> joined;
    ASSERT_TRUE(contest(request, [&](const Job& job) -> process::Result<process::Run> {
        const std::lock_guard lock(mutex);
        joined[job.argv[0]] = job.cgroups;
        return process::Run{};
    }));
    EXPECT_THAT(joined["a"], testing::ElementsAre("seat0"));
    EXPECT_THAT(joined["b"], testing::ElementsAre("another", "seat1"));
}

TEST(Contest, WhatOneIsKeptWaitingCountsForNone) {
    Request request;
    request.contestants = {named("holds"), named("grows")};
    std::mutex mutex;
    std::set<const void*> counters;
    ASSERT_TRUE(contest(request, [&](const Job& job) -> process::Result<process::Run> {
        const std::lock_guard lock(mutex);
        counters.insert(job.starved_together.get());
        return process::Run{};
    }));
    EXPECT_THAT(counters, testing::SizeIs(1));
    EXPECT_THAT(counters, testing::Not(testing::Contains(nullptr)));
}

TEST(Contest, WaitsForTheLinesOfTheOneBefore) {
    Request request;
    request.contestants = {named("first"), named("second", 2)};
    std::atomic<bool> second_ran = false;
    std::atomic<bool> too_early = false;
    const auto results = contest(request, [&](const Job& job) -> process::Result<process::Run> {
        if (job.argv[0] == "second") {
            second_ran = true;
            second_ran.notify_all();
            return process::Run{};
        }
        job.on_started(1);
        job.on_output("one\ntw");
        std::this_thread::sleep_for(20ms);
        too_early = second_ran.load();
        job.on_output("o\n");
        second_ran.wait(false);
        return process::Run{};
    });
    ASSERT_TRUE(results);
    EXPECT_FALSE(too_early);
    EXPECT_EQ((*results)[1].died_as, 0);
    EXPECT_EQ((*results)[0].died_as, 1);
}

TEST(Contest, WaitsUntilTheOneBeforeHasStarted) {
    Request request;
    request.contestants = {named("first"), named("second")};
    std::atomic<bool> first_started = false;
    std::atomic<bool> in_order = false;
    ASSERT_TRUE(contest(request, [&](const Job& job) -> process::Result<process::Run> {
        if (job.argv[0] == "first") {
            std::this_thread::sleep_for(20ms);
            first_started = true;
            job.on_started(1);
        } else {
            in_order = first_started.load();
        }
        return process::Run{};
    }));
    EXPECT_TRUE(in_order);
}

TEST(Contest, DoesNotWaitForLinesThatNeverCome) {
    Request request;
    request.contestants = {named("silent"), named("second", 5)};
    const auto results =
        contest(request, [](const Job&) -> process::Result<process::Run> { return process::Run{}; });
    ASSERT_TRUE(results);
    EXPECT_EQ((*results)[0].died_as, 0);
    EXPECT_EQ((*results)[1].died_as, 1);
}

TEST(Contest, IsOverWhenTheChosenOneHasEnded) {
    Request request;
    request.contestants = {named("runs on"), named("ends")};
    request.over_when_ended = 1;
    const auto results = contest(request, [](const Job& job) -> process::Result<process::Run> {
        job.on_started(1);
        return job.argv[0] == "ends" ? process::Run{} : until_stopped(job);
    });
    ASSERT_TRUE(results);
    EXPECT_EQ((*results)[0].run.ending, Ending::stopped);
    EXPECT_EQ((*results)[0].died_as, 1);
    EXPECT_EQ((*results)[1].run.ending, Ending::finished);
    EXPECT_EQ((*results)[1].died_as, 0);
}

TEST(Contest, DoesNotStartWhoWaitsWhenItIsOver) {
    Request request;
    request.contestants = {named("ends"), named("waits", 1)};
    request.over_when_ended = 0;
    std::atomic<int> runs = 0;
    const auto results = contest(request, [&](const Job& job) -> process::Result<process::Run> {
        ++runs;
        job.on_started(1);
        return process::Run{};
    });
    ASSERT_TRUE(results);
    EXPECT_EQ(runs, 1);
    EXPECT_EQ((*results)[1].run.ending, Ending::stopped);
    EXPECT_EQ((*results)[1].died_as, -1);
}

TEST(Contest, OrderIsThatOfThePrograms) {
    Request request;
    request.contestants = {named("slow to be gone"), named("second")};
    const auto began = std::chrono::steady_clock::now();
    std::atomic<bool> second_is_gone = false;
    const auto results = contest(request, [&](const Job& job) -> process::Result<process::Run> {
        job.on_started(1);
        process::Run run;
        if (job.argv[0] == "second") {
            run.ended = began + 2s;
            second_is_gone = true;
            second_is_gone.notify_all();
        } else {
            run.ended = began + 1s;
            second_is_gone.wait(false);
        }
        return run;
    });
    ASSERT_TRUE(results);
    EXPECT_EQ((*results)[0].died_as, 0);
    EXPECT_EQ((*results)[1].died_as, 1);
}

TEST(Contest, StopOfTheCallerReachesTheRun) {
    Request request;
    request.contestants = {named("a")};
    std::stop_source stop;
    request.contestants[0].job.stop = stop.get_token();
    request.contestants[0].job.on_started = [&](pid_t) { stop.request_stop(); };
    const auto results = contest(request, [](const Job& job) -> process::Result<process::Run> {
        job.on_started(1);
        return until_stopped(job);
    });
    ASSERT_TRUE(results);
    EXPECT_EQ((*results)[0].run.ending, Ending::stopped);
}

TEST(Contest, CallbacksOfTheCallerAreKept) {
    Request request;
    request.contestants = {named("a")};
    std::string heard;
    request.contestants[0].job.on_started = [&](pid_t pid) { heard += std::to_string(pid); };
    request.contestants[0].job.on_output = [&](std::string_view piece) { heard += piece; };
    ASSERT_TRUE(contest(request, [](const Job& job) -> process::Result<process::Run> {
        job.on_started(42);
        job.on_output("!");
        return process::Run{};
    }));
    EXPECT_EQ(heard, "42!");
}

TEST(Contest, OneFailureOfTheSandboxEndsAll) {
    Request request;
    request.contestants = {named("runs on"), named("fails")};
    const auto results = contest(request, [](const Job& job) -> process::Result<process::Run> {
        job.on_started(1);
        if (job.argv[0] == "fails") {
            return process::failed("the launcher is gone");
        }
        return until_stopped(job);
    });
    ASSERT_FALSE(results);
    EXPECT_EQ(results.error().what, "the launcher is gone");
}

}  // namespace
}  // namespace vmlab::arena
