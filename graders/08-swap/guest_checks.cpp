// Grader of activity 8: the checks that need swap, in a machine of its own.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "guest.hpp"

namespace {

using namespace paging;

bool about(std::uint64_t one, std::uint64_t other, std::uint64_t most) {
    return (one > other ? one - other : other - one) <= most;
}

std::string kilobytes(std::uint64_t bytes) {
    return fmt::format("{} kB", bytes / kibibyte);
}

/// "VmSwap 4608 kB, major faults 4123" of /proc/PID in the guest.
std::string row_of(const arena::Look& look) {
    return fmt::format("/proc/PID at line {}: VmSwap {}, VmLck {}, major faults {}", look.lines,
                       kilobytes(look.sample.swap_bytes), kilobytes(look.sample.locked_bytes),
                       look.sample.major_faults);
}

/// The lines of a program that has 4 MiB more than its group may have.
std::vector<Line> expect_swapped_lines(const Contest& seen) {
    std::vector<Line> lines = expect_lines_of(seen, with_swap, 0);
    const arena::Look& filled = seen.result(with_swap).looks.front();
    if (filled.sample.swap_bytes < 3 * mebibyte) {
        fail_in(seen, with_swap,
                {.expected = "about 4 MiB of its block are in swap when all is filled",
                 .observed = kilobytes(filled.sample.swap_bytes),
                 .evidence = row_of(filled)});
    }
    return lines;
}

TEST(Guest, SurvivesWithSwapWhatKillsItWithout) {
    const Contest& seen = contest.get();
    if (!seen.result(without_swap).oom_killed) {
        fail_in(seen, without_swap,
                {.expected = "OOM-killed: its pages are more than the group may have, and there is nowhere "
                             "else to put them",
                 .observed = seen.result(without_swap).run.describe(),
                 .next = in_a_machine(large_for_the_machine(), false)});
    }
    for (const Line& line : expect_swapped_lines(seen)) {
        if (line.wrong != 0) {
            fail_in(seen, with_swap,
                    {.expected = "wrong=0 in every line: swap changes nothing of what a page holds",
                     .observed = fmt::format("wrong={}", line.wrong)});
        }
    }
}

TEST(Guest, FindsEveryPageAsItLeftIt) {
    const Contest& seen = contest.get();
    const std::vector<Line> whole = expect_lines_of(seen, pushed_out, 0);
    const auto bad = std::ranges::find_if(whole, [](const Line& line) { return line.wrong != 0; });
    if (bad != whole.end()) {
        fail_in(seen, pushed_out,
                {.expected = "wrong=0 in every line", .observed = fmt::format("wrong={}", bad->wrong)});
    }
    const arena::ContestantResult& result = seen.result(spoiled);
    if (result.looks.empty() || result.looks.front().spoiled_pages == 0) {
        fail_in(seen, spoiled,
                {.expected = fmt::format("page {} of the block holds its number", seen.spoiled_page),
                 .observed = "no such page in the program's memory",
                 .evidence = "/proc/PID/mem at the line \"filled\""});
    }
    const std::vector<Line> lines = expect_lines_of(seen, spoiled, 4);
    if (lines[0].wrong != 0 || lines[1].wrong != 1 || lines[2].wrong != 1) {
        fail_in(seen, spoiled,
                {.expected = "wrong=1 in every pass: one page does not hold any more what was written to it",
                 .observed = fmt::format("wrong={}, {}", lines[1].wrong, lines[2].wrong)});
    }
}

TEST(Guest, SaysHowMuchIsSwappedOut) {
    const Contest& seen = contest.get();
    const std::vector<Line> lines = expect_swapped_lines(seen);
    const auto& looks = seen.result(with_swap).looks;
    // At the second line the group's limit is lowered: the look is of what came after the line.
    for (const std::size_t i : {std::size_t{0}, std::size_t{2}}) {
        if (about(lines[i].swapped, looks[i].sample.swap_bytes, tolerance)) {
            continue;
        }
        fail_in(seen, with_swap,
                {.expected = fmt::format("line {}: swapped is what the kernel says (VmSwap; {} more or less "
                                         "do not matter)",
                                         i + 1, kilobytes(tolerance)),
                 .observed = fmt::format("swapped={}", lines[i].swapped / kibibyte),
                 .evidence = row_of(looks[i])});
    }
}

TEST(Guest, CountsMajorFaults) {
    const Contest& seen = contest.get();
    constexpr std::uint64_t few = 16;  // the pages of libraries and of printing
    constexpr std::uint64_t some = 200;
    for (const Place place : {pushed_out, with_swap}) {
        const std::vector<Line> lines = expect_lines_of(seen, place, 0);
        const auto& looks = seen.result(place).looks;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            if (!about(lines[i].major_faults, looks[i].sample.major_faults, few)) {
                fail_in(
                    seen, place,
                    {.expected = fmt::format("line {}: majflt is the number of major faults so far", i + 1),
                     .observed = fmt::format("majflt={}", lines[i].major_faults),
                     .evidence = row_of(looks[i])});
            }
        }
    }
    const auto& looks = seen.result(pushed_out).looks;
    for (std::size_t pass = 1; pass < looks.size(); ++pass) {
        const std::uint64_t faults = looks[pass].sample.major_faults - looks[pass - 1].sample.major_faults;
        const std::uint64_t pages = seen.setting(pushed_out).task.pages();
        if (faults + few < pages || faults > pages + some) {
            fail_in(seen, pushed_out,
                    {.expected = fmt::format("pass {} reads each of {} pages that were swapped out: a major "
                                             "fault for each",
                                             pass, pages),
                     .observed = fmt::format("{} major faults", faults),
                     .evidence = row_of(looks[pass - 1]) + "\n" + row_of(looks[pass])});
        }
    }
}

TEST(Guest, StaysInRamWhenLocked) {
    const Contest& seen = contest.get();
    (void)expect_lines_of(seen, pushed_out, 0);
    const arena::Look& unlocked = seen.result(pushed_out).looks.front();
    if (unlocked.sample.swap_bytes + tolerance < seen.setting(pushed_out).task.bytes() ||
        unlocked.sample.locked_bytes > 0) {
        fail_in(seen, pushed_out,
                {.expected = "without --lock nothing is locked, and the whole block goes to swap",
                 .observed = fmt::format("swapped out: {}, locked: {}", kilobytes(unlocked.sample.swap_bytes),
                                         kilobytes(unlocked.sample.locked_bytes)),
                 .evidence = row_of(unlocked)});
    }
    const std::vector<Line> lines = expect_lines_of(seen, locked, 0);
    const auto& looks = seen.result(locked).looks;
    const std::uint64_t bytes = seen.setting(locked).task.bytes();
    constexpr std::uint64_t some = 300;  // its libraries' pages may have to be read again
    const std::uint64_t faults = looks[1].sample.major_faults - looks[0].sample.major_faults;
    if (looks[0].sample.locked_bytes < bytes || looks[0].sample.swap_bytes > tolerance || faults > some) {
        fail_in(
            seen, locked,
            {.expected = fmt::format("--lock: {} of it are locked, none of that goes to swap, and the pass "
                                     "costs no major faults",
                                     kilobytes(bytes)),
             .observed = fmt::format("locked: {}, swapped out: {}, major faults of the pass: {}",
                                     kilobytes(looks[0].sample.locked_bytes),
                                     kilobytes(looks[0].sample.swap_bytes), faults),
             .evidence = row_of(looks[0]) + "\n" + row_of(looks[1])});
    }
}

TEST(Guest, LocksBeforeItFills) {
    const Contest& seen = contest.get();
    const arena::ContestantResult& result = seen.result(locks_too_much);
    if (result.run.status.exited_with(1) && result.run.out.empty()) {
        return;
    }
    fail_in(seen, locks_too_much,
            {.expected = "mlock(2) is refused before a page is touched: exit status 1, nothing on stdout",
             .observed = result.oom_killed ? "OOM-killed: it filled its pages first" : result.run.describe(),
             .next = build_and("paging", "(ulimit -l 1024; ./paging --mb 12 --lock) < /dev/null; echo $?")});
}

}  // namespace
