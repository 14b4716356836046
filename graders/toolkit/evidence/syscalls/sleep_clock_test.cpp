// How long a program sleeps, read from strace's record.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "evidence/evidence_testing.hpp"
#include "vmlab/evidence/syscalls.hpp"

namespace vmlab::evidence {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::SizeIs;

SystemCall call_of_row(const std::string& row) {
    const SyscallLog log = parse_strace(row + "\n");
    EXPECT_THAT(log.calls, SizeIs(1)) << row;
    return log.calls.empty() ? SystemCall{} : log.calls.front();
}

nanoseconds slept_in(const std::string& row) {
    const SystemCall call = call_of_row(row);
    EXPECT_TRUE(is_sleep(call)) << row;
    return sleep_requested(call);
}

TEST(Sleep, IsReadInEveryForm) {
    EXPECT_EQ(slept_in("nanosleep({tv_sec=2, tv_nsec=5}, NULL) = 0"), seconds(2) + nanoseconds(5));
    EXPECT_EQ(slept_in("clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=1, tv_nsec=500000000}, 0x7f) = 0"),
              milliseconds(1500));
    EXPECT_EQ(slept_in("select(0, NULL, NULL, NULL, {tv_sec=1, tv_usec=250000}) = 0 (Timeout)"),
              milliseconds(1250));
    EXPECT_EQ(slept_in("pselect6(0, NULL, NULL, NULL, {tv_sec=1, tv_nsec=0}, NULL) = 0 (Timeout)"),
              seconds(1));
    EXPECT_EQ(slept_in("poll(NULL, 0, 700) = 0 (Timeout)"), milliseconds(700));
    EXPECT_EQ(slept_in("ppoll(NULL, 0, {tv_sec=3, tv_nsec=0}, NULL, 8) = 0 (Timeout)"), seconds(3));
    EXPECT_EQ(slept_in("nanosleep({tv_sec=2, tv_nsec=0}, NULL) = -1 EINTR (Interrupted)"), seconds(0));
    EXPECT_EQ(slept_in("poll([{fd=0, events=POLLIN}], 1, 700) = 0 (Timeout)"), milliseconds(700));
    EXPECT_EQ(slept_in("epoll_wait(3<anon_inode:[eventpoll]>, [], 1, 300) = 0"), milliseconds(300));
    EXPECT_EQ(
        slept_in("rt_sigtimedwait([USR1], NULL, {tv_sec=0, tv_nsec=300000000}, 8) = -1 EAGAIN (Resource)"),
        milliseconds(300));
    EXPECT_EQ(
        slept_in("futex(0x7ff, FUTEX_WAIT_PRIVATE, 0, {tv_sec=2, tv_nsec=0}) = -1 ETIMEDOUT (Timed out)"),
        seconds(2));
    EXPECT_FALSE(
        is_sleep(call_of_row("poll([{fd=0, events=POLLIN}], 1, 700) = 1 ([{fd=0, revents=POLLIN}])")));
    EXPECT_FALSE(is_sleep(call_of_row("futex(0x7ff, FUTEX_WAIT_PRIVATE, 0, {tv_sec=2, tv_nsec=0}) = 0")));
    EXPECT_FALSE(is_sleep(call_of_row("futex(0x7ff, FUTEX_WAIT_PRIVATE, 0, NULL) = 0")));
    EXPECT_FALSE(is_sleep(call_of_row("futex(0x7ff, FUTEX_WAKE_PRIVATE, 1) = 1")));
    EXPECT_FALSE(is_sleep(call_of_row("poll(NULL, 0, -1) = 0")));
    EXPECT_FALSE(is_sleep(call_of_row("write(1, \"x\", 1) = 1")));
}

TEST(Sleep, OfAnyLengthDoesNotOverflow) {
    std::string text;
    for (int i = 0; i < 2; ++i) {
        text += "nanosleep({tv_sec=9223372036854775807, tv_nsec=999999999}, NULL) = 0\n";
    }
    EXPECT_GT(parse_strace(text).slept(), std::chrono::hours(24 * 365 * 100));
    EXPECT_EQ(slept_in("nanosleep({tv_sec=-1, tv_nsec=0}, NULL) = 0"), seconds(0));
    EXPECT_EQ(slept_in("nanosleep({tv_sec=99999999999999999999999, tv_nsec=0}, NULL) = 0"), seconds(0));
}

TEST(Sleep, UntilAMomentIsMeasuredFromTheMomentBefore) {
    const SyscallLog log = parse_strace(
        "1000.000000 clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, {tv_sec=1004, tv_nsec=0}, NULL) = 0 "
        "(INJECTED)\n"
        "1000.100000 clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, {tv_sec=1006, tv_nsec=0}, NULL) = 0 "
        "(INJECTED)\n"
        "1000.200000 clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, {tv_sec=502, tv_nsec=0}, NULL) = 0 "
        "(INJECTED)\n",
        {}, {{"CLOCK_MONOTONIC", -seconds(500)}});
    ASSERT_THAT(log.calls, SizeIs(3));
    EXPECT_EQ(log.calls[0].slept, seconds(4));
    EXPECT_EQ(log.calls[1].slept, seconds(2));
    EXPECT_EQ(log.calls[2].slept, milliseconds(1800));
}

TEST(Sleep, AskedForAgainByALoopThatWatchesAClockCountsOnce) {
    const SyscallLog log = parse_strace(
        "10.000000 clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=2, tv_nsec=0}, NULL) = 0 (INJECTED)\n"
        "10.001000 clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=1, tv_nsec=999003217}, NULL) = 0 (INJECTED)\n"
        "10.302000 clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=1, tv_nsec=900000123}, NULL) = 0 (INJECTED)\n"
        "11.999000 clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=0, tv_nsec=1000321}, NULL) = 0 (INJECTED)\n");
    EXPECT_EQ(log.slept(), seconds(2));
}

TEST(Sleep, AskedForTwiceCountsTwice) {
    const std::string second =
        "clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=1, tv_nsec=0}, NULL) = 0 (INJECTED)\n";
    EXPECT_EQ(parse_strace("10.000000 " + second + "10.000100 " + second).slept(), seconds(2));
    EXPECT_EQ(parse_strace(
                  "10.000000 " + second +
                  "10.000100 clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=0, tv_nsec=900000000}, NULL) = 0\n")
                  .slept(),
              milliseconds(1900));
}

/// What each of these calls of one thread, entered a hundredth of a second after the one before, is counted
/// as.
std::vector<nanoseconds> slept_in_each(const std::vector<std::string>& calls) {
    std::string text;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        text += fmt::format("{}.{:06} {}\n{}.{:06} write(1<pipe:[5]>, \"x\", 1) = 1\n", 1000, 10'000 * i,
                            calls[i], 1000, 10'000 * i + 9'500);
    }
    std::vector<nanoseconds> slept;
    for (const SystemCall& call : parse_strace(text, {},
                                               {{"CLOCK_MONOTONIC", -seconds(900)},
                                                {"CLOCK_BOOTTIME", -seconds(800)},
                                                {"CLOCK_TAI", seconds(37)}})
                                      .calls) {
        if (is_sleep(call)) {
            slept.push_back(call.slept);
        }
    }
    return slept;
}

std::string until(const std::string& clock, std::int64_t second, std::int64_t nanosecond) {
    return fmt::format("clock_nanosleep({}, TIMER_ABSTIME, {{tv_sec={}, tv_nsec={}}}, NULL) = 0 (INJECTED)",
                       clock, second, nanosecond);
}

std::string for_nanoseconds(std::int64_t length) {
    return fmt::format("clock_nanosleep(CLOCK_REALTIME, 0, {{tv_sec={}, tv_nsec={}}}, NULL) = 0 (INJECTED)",
                       length / 1'000'000'000, length % 1'000'000'000);
}

TEST(Sleep, UntilAMomentWorkedOutFromTheClockAnewIsThatLong) {
    for (const auto& [clock, begin] : std::vector<std::pair<std::string, int>>{{"CLOCK_REALTIME", 1000},
                                                                               {"CLOCK_MONOTONIC", 100},
                                                                               {"CLOCK_BOOTTIME", 200},
                                                                               {"CLOCK_TAI", 1037}}) {
        const auto slept = slept_in_each({until(clock, begin + 2, 0), until(clock, begin + 2, 9'998'123),
                                          until(clock, begin + 2, 19'996'456)});
        EXPECT_THAT(slept, ElementsAre(seconds(2), nanoseconds(1'999'998'123), nanoseconds(1'999'996'456)))
            << clock;
    }
}

TEST(Sleep, UntilAMomentThatIsAddedToCountsWhatIsAdded) {
    EXPECT_THAT(slept_in_each({until("CLOCK_MONOTONIC", 102, 17), until("CLOCK_MONOTONIC", 104, 17),
                               until("CLOCK_MONOTONIC", 106, 17)}),
                ElementsAre(nanoseconds(2'000'000'017), seconds(2), seconds(2)));
    EXPECT_THAT(slept_in_each({until("CLOCK_TAI", 1037, 333'333'333), until("CLOCK_TAI", 1037, 666'666'666),
                               until("CLOCK_TAI", 1037, 999'999'999)})
                    .back(),
                nanoseconds(333'333'333));
}

TEST(Sleep, WorkedOutFromAMomentThatIsAddedToCountsWhatIsAdded) {
    const auto slept = slept_in_each(
        {for_nanoseconds(1'999'999'123), for_nanoseconds(3'989'998'456), for_nanoseconds(5'979'999'789)});
    ASSERT_THAT(slept, SizeIs(3));
    for (const nanoseconds each : slept) {
        EXPECT_NEAR(static_cast<double>(each.count()), 2e9, 11e6);
    }
    // In microseconds, in milliseconds, or by chance: one of a thousand nanosecond counts is whole
    // microseconds.
    for (const nanoseconds each :
         slept_in_each({for_nanoseconds(1'999'999'000), for_nanoseconds(3'989'998'000),
                        for_nanoseconds(5'979'000'000), for_nanoseconds(7'970'000'000)})) {
        EXPECT_NEAR(static_cast<double>(each.count()), 2e9, 11e6);
    }
    // Whole seconds, or tenths from the start, are meant as they are.
    EXPECT_THAT(slept_in_each({for_nanoseconds(2'000'000'000), for_nanoseconds(4'000'000'000),
                               for_nanoseconds(6'500'000'000)}),
                ElementsAre(seconds(2), seconds(4), milliseconds(6500)));
    // Each worked out anew.
    EXPECT_THAT(slept_in_each({for_nanoseconds(1'999'999'123), for_nanoseconds(1'999'999'456),
                               for_nanoseconds(1'700'000'789), for_nanoseconds(1'999'999'456)}),
                ElementsAre(nanoseconds(1'999'999'123), nanoseconds(1'999'999'456),
                            nanoseconds(1'700'000'789), nanoseconds(1'999'999'456)));
}

TEST(Sleep, WorkedOutFromAClockMayHaveBeenMeantLongerOnABusyMachine) {
    const SyscallLog log = parse_strace(
        "10.000000 write(1<pipe:[5]>, \"x\", 1) = 1\n"
        "10.700000 clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, {tv_sec=12, tv_nsec=1000}, NULL) = 0 (INJECTED)\n");
    EXPECT_EQ(log.calls[1].slept, milliseconds(1300) + nanoseconds(1000));
    EXPECT_EQ(log.calls[1].slack, milliseconds(700));
    EXPECT_TRUE(is_pause(log.calls[1].slept, log.calls[1].slack, seconds(2)));
    EXPECT_FALSE(is_pause(log.calls[1].slept, log.calls[1].slack, seconds(1)));
    EXPECT_FALSE(is_pause(log.calls[1].slept, log.calls[1].slack, seconds(3)));
    EXPECT_FALSE(is_pause(milliseconds(1900), {}, seconds(2)));
}

TEST(Sleep, InPiecesIsTheirSum) {
    std::vector<std::string> pieces(20, for_nanoseconds(100'000'000));
    nanoseconds sum{};
    for (const nanoseconds each : slept_in_each(pieces)) {
        sum += each;
    }
    EXPECT_EQ(sum, seconds(2));
}

TEST(Sleep, OfAWaitThatTimedOutIsUntilItsMoment) {
    const SyscallLog log = parse_strace(
        "100.000000 futex(0x7ff, FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME, 0, {tv_sec=102, tv_nsec=0}, "
        "FUTEX_BITSET_MATCH_ANY) = -1 ETIMEDOUT (Connection timed out)\n"
        "102.100000 futex(0x7ff, FUTEX_WAIT_BITSET_PRIVATE, 0, {tv_sec=54, tv_nsec=100000000}, "
        "FUTEX_BITSET_MATCH_ANY) = -1 ETIMEDOUT (Connection timed out)\n",
        {}, {{"CLOCK_MONOTONIC", -seconds(50)}});
    EXPECT_EQ(log.calls[0].slept, seconds(2));
    EXPECT_EQ(log.calls[1].slept, seconds(2));
}

TEST(PacedLines, CountTheSleepOfAThreadThatWasJoined) {
    const SyscallLog log = parse_strace(
        "[pid 7] 5.0 write(1<pipe:[5]>, \"a\\n\", 2) = 2\n"
        "[pid 8] 5.1 clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=2, tv_nsec=0}, NULL) = 0 (INJECTED)\n"
        "[pid 9] 5.1 clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=7, tv_nsec=0}, NULL) = 0 (INJECTED)\n"
        "[pid 8] 5.2 exit(0) = ?\n"
        "[pid 7] 5.3 write(1<pipe:[5]>, \"b\\n\", 2) = 2\n"
        "[pid 7] 5.4 clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=3, tv_nsec=0}, NULL) = 0 (INJECTED)\n"
        "[pid 7] 5.5 write(1<pipe:[5]>, \"c\\n\", 2) = 2\n");
    const auto lines = log.paced_lines();
    ASSERT_THAT(lines, SizeIs(3));
    EXPECT_EQ(lines[1].slept_before, seconds(2));
    EXPECT_EQ(lines[2].slept_before, seconds(3));
}

TEST(PacedLines, CountTheSleepOfMainWhereAnotherThreadWrites) {
    const SyscallLog log = parse_strace(
        "[pid 7] 4.9 clone3({flags=CLONE_VM}, 88) = 8\n"
        "[pid 8] 5.0 write(1<pipe:[5]>, \"a\\n\", 2) = 2\n"
        "[pid 7] 5.1 clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=2, tv_nsec=0}, NULL) = 0 (INJECTED)\n"
        "[pid 9] 5.1 clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=7, tv_nsec=0}, NULL) = 0 (INJECTED)\n"
        "[pid 8] 5.3 write(1<pipe:[5]>, \"b\\n\", 2) = 2\n");
    const auto lines = log.paced_lines();
    ASSERT_THAT(lines, SizeIs(2));
    EXPECT_EQ(lines[0].slept_before, seconds(0));
    EXPECT_EQ(lines[1].slept_before, seconds(2));
}

}  // namespace
}  // namespace vmlab::evidence
