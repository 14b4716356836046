// What a guest may say, and what none may: the host believes nothing but the form.
#include "arena/vm/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>

namespace vmlab::arena {
namespace {

using process::Ending;
using wire::End;

constexpr std::uint64_t plenty = 1U << 20U;

Request two_contestants() {
    Request request;
    request.contestants.resize(2);
    return request;
}

wire::Ended was_killed(std::uint32_t program, std::uint64_t oom_kills) {
    return {.program = program,
            .end = End::finished,
            .wait_status = SIGKILL,
            .elapsed_ms = 100,
            .oom_kills = oom_kills};
}

wire::Ended not_started(std::uint32_t program) {
    wire::Ended event;
    event.program = program;
    event.end = End::not_started;
    return event;
}

std::string record(int pid) {
    return "3,700,4210051,-;Out of memory: Killed process " + std::to_string(pid) +
           " (hog) total-vm:67232kB, anon-rss:63832kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:168kB "
           "oom_score_adj:0\n";
}

std::string all(const std::vector<wire::Event>& events) {
    std::string stream;
    for (const wire::Event& event : events) {
        stream += encode(event);
    }
    return stream;
}

process::Result<Outcome> told(const Request& request, const std::string& stream) {
    VmReport report(request, plenty);
    report.take(stream);
    return report.finish(Ending::lost);
}

TEST(VirtualMachineReport, KillThatTheKernelTellsOfIsAnOomKill) {
    const Request request = two_contestants();
    wire::Facts last_words;
    last_words.syslog = "log";
    last_words.meminfo = "mem";
    last_words.vmstat = "vm";
    const auto outcome =
        told(request, all({wire::Started{0, 90}, wire::Output{0, 1, "one\n"}, wire::Output{0, 2, "two\n"},
                           wire::Log{record(90)}, was_killed(0, 1), not_started(1), last_words}));
    ASSERT_TRUE(outcome) << outcome.error().what;
    const ContestantResult& first = outcome->contestants[0];
    EXPECT_TRUE(first.oom_killed);
    EXPECT_EQ(first.run.out, "one\n");
    EXPECT_EQ(first.run.err, "two\n");
    EXPECT_EQ(first.run.inner_pid, 90);
    EXPECT_EQ(first.run.pid, 0);
    EXPECT_EQ(first.died_as, 0);
    ASSERT_TRUE(first.log_record);
    EXPECT_EQ(first.log_record->pid, 90);
    EXPECT_EQ(outcome->contestants[1].run.ending, Ending::stopped);
    EXPECT_EQ(outcome->contestants[1].died_as, -1);
    EXPECT_EQ(outcome->oom_kills, 1U);
    EXPECT_EQ(outcome->syslog, "log");
    EXPECT_EQ(outcome->meminfo, "mem");
    EXPECT_EQ(outcome->vmstat, "vm");
}

TEST(VirtualMachineReport, KillThatTheKernelDoesNotTellOfIsNone) {
    const Request request = two_contestants();
    const auto outcome =
        told(request, all({wire::Started{0, 90}, was_killed(0, 0), not_started(1), wire::Facts{}}));
    ASSERT_TRUE(outcome);
    EXPECT_FALSE(outcome->contestants[0].oom_killed);
}

TEST(VirtualMachineReport, KillOfAnotherProcessIsNotTheProgramsOwn) {
    const Request request = two_contestants();
    const auto outcome = told(request, all({wire::Started{0, 90}, wire::Log{record(91)}, was_killed(0, 1),
                                            not_started(1), wire::Facts{}}));
    ASSERT_TRUE(outcome);
    EXPECT_FALSE(outcome->contestants[0].oom_killed);
}

TEST(VirtualMachineReport, CallbacksComeAsTheEventsDo) {
    Request request = two_contestants();
    std::string seen;
    request.contestants[0].job.on_output = [&seen](std::string_view piece) { seen += piece; };
    request.on_log = [&seen](std::string_view records) { seen += records; };
    request.on_sample = [&seen](std::size_t position, const evidence::ProcessSample& sample) {
        seen += "sample " + std::to_string(position) + " " + std::to_string(sample.resident_bytes);
    };
    VmReport report(request, plenty);
    wire::Sample sample;
    sample.status = "VmRSS:\t      12 kB\n";
    const std::string stream =
        all({wire::Started{0, 90}, wire::Output{0, 1, "hello "}, sample, wire::Log{" log"}});
    for (const char each : stream) {
        report.take(std::string_view(&each, 1));
    }
    EXPECT_EQ(seen, "hello sample 0 12288 log");
    EXPECT_FALSE(report.is_over());
}

TEST(VirtualMachineReport, MachineThatIsGoneLosesWhatRan) {
    const Request request = two_contestants();
    const auto outcome = told(request, all({wire::Started{0, 90}}));
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->contestants[0].run.ending, Ending::lost);
    EXPECT_FALSE(outcome->contestants[0].oom_killed);
    EXPECT_EQ(outcome->contestants[1].run.ending, Ending::stopped);
}

TEST(VirtualMachineReport, TroubleInTheGuestIsAnError) {
    const Request request = two_contestants();
    const auto outcome = told(request, all({wire::Trouble{"no cgroup2\x1b[2J"}}));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().what, "the VM arena's guest could not do its work: no cgroup2[2J");
}

TEST(VirtualMachineReport, WhatTheGuestsKernelLacksIsTheMachines) {
    const Request request = two_contestants();
    const auto outcome = told(request, all({wire::Trouble{"its kernel has no zram", true}}));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, process::ErrorKind::machine_lacks);
    EXPECT_THAT(outcome.error().fix, testing::HasSubstr("scripts/setup --vm"));
}

TEST(VirtualMachineReport, LooksAreOfADialogue) {
    Request request = two_contestants();
    request.contestants[0].dialogue.emplace();
    VmReport report(request, plenty);
    wire::Looked looked;
    looked.lines = 2;
    looked.spoiled_pages = 1;
    looked.status = "VmSwap:\t    12 kB\n";
    looked.stat = "90 (paging) S 1 1 1 0 -1 4194304 5 0 7 0";
    report.take(all({wire::Started{0, 90}, looked}));
    const auto outcome = report.finish(Ending::lost);
    ASSERT_TRUE(outcome);
    ASSERT_EQ(outcome->contestants[0].looks.size(), 1U);
    const Look& look = outcome->contestants[0].looks[0];
    EXPECT_EQ(look.lines, 2U);
    EXPECT_EQ(look.spoiled_pages, 1U);
    EXPECT_EQ(look.sample.swap_bytes, 12288U);
    EXPECT_EQ(look.sample.major_faults, 7U);
}

TEST(VirtualMachineReport, WhatCannotBeIsRefused) {
    Request request = two_contestants();
    request.contestants[0].job.limits.output_bytes = 4;
    const wire::Started start{0, 90};
    const std::vector<std::vector<wire::Event>> impossible = {
        {wire::Started{2, 90}},                                        // no such program
        {wire::Started{0, 0}},                                         // no such process
        {wire::Started{0, 1}},                                         // the init
        {start, start},                                                // twice
        {wire::Output{0, 1, "x"}},                                     // before its start
        {start, was_killed(0, 0), wire::Output{0, 1, "x"}},            // after its end
        {start, wire::Output{0, 3, "x"}},                              // no such stream
        {start, wire::Output{0, 1, "abc"}, wire::Output{0, 2, "de"}},  // beyond its limit
        {wire::Sample{}},                                              // of nothing
        {start, wire::Looked{}},                                       // without a dialogue
        {was_killed(0, 1)},                                            // never started
        {was_killed(7, 1)},
        {start, not_started(0)},
        {start, was_killed(0, 0), was_killed(0, 1)},
        {start, wire::Facts{}},  // while it runs
        {start, was_killed(0, 0), not_started(1), wire::Facts{}, wire::Log{"more"}},
    };
    for (std::size_t i = 0; i < impossible.size(); ++i) {
        const auto outcome = told(request, all(impossible[i]));
        ASSERT_FALSE(outcome) << i;
        EXPECT_EQ(outcome.error().kind, process::ErrorKind::failed);
        EXPECT_THAT(outcome.error().what, testing::StartsWith("the VM arena's guest told what cannot be"));
        EXPECT_FALSE(outcome.error().fix.empty());
    }
}

TEST(VirtualMachineReport, NonsenseIsRefused) {
    const Request request = two_contestants();
    for (const std::string& nonsense :
         {std::string(64, '\xff'), std::string("[       OK ] hello world\n"),
          std::string("\x02\x00\x00\x00\xff\xff", 6), std::string(plenty + 1, '\0')}) {
        VmReport report(request, plenty);
        report.take(nonsense);
        EXPECT_TRUE(report.is_over());
        EXPECT_TRUE(report.is_error());
        EXPECT_FALSE(report.finish(Ending::lost));
    }
}

}  // namespace
}  // namespace vmlab::arena
