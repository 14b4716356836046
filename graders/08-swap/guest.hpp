#pragma once

// A machine of its own, of 128 MiB and with swap, in which paging runs once after the other, each time in a
// group with limits of its own: no machine of anybody's gets swap, or has to give any.

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "runs.hpp"
#include "vmlab/arena/arena.hpp"

namespace paging {

constexpr std::uint64_t machine_bytes = 128 * mebibyte;
constexpr std::uint64_t machine_swap = 64 * mebibyte;
/// More than any block here, and the libraries with it (mlockall).
constexpr std::uint64_t may_lock = 48 * mebibyte;
/// Kernels count in batches, of each thread or processor.
constexpr std::uint64_t tolerance = mebibyte;

/// One run of paging in the guest: what it was told, and under which conditions, in words.
struct Setting {
    Task task;
    std::string where;
    std::optional<std::uint64_t> memory_bytes = std::nullopt;
    std::optional<std::uint64_t> swap_bytes = std::nullopt;
    std::uint64_t locked_bytes = may_lock;
    std::vector<arena::Push> pushes = {};
};

inline arena::Contestant contestant(Lab& lab, const grading::Program& program, const Setting& setting) {
    arena::Contestant made;
    made.job = lab.job(program, setting.task.arguments());
    made.job.limits = experiment(setting.task).limits;
    made.job.limits.locked_bytes = setting.locked_bytes;
    made.job.start.huge_pages = false;  // one fault a page
    made.dialogue = setting.pushes;
    made.memory_bytes = setting.memory_bytes;
    made.swap_bytes = setting.swap_bytes;
    made.start_after_lines = 1 << 20;  // when the one before has ended
    return made;
}

inline arena::Request machine_with_swap() {
    arena::Request request;
    request.scope = arena::Scope::machine;
    request.memory_bytes = machine_bytes;
    request.swap_bytes = machine_swap;
    return request;
}

enum Place { without_swap, with_swap, pushed_out, spoiled, locked, locks_too_much, places };

struct Contest {
    std::vector<Setting> settings;
    std::uint64_t spoiled_page = 0;
    arena::Outcome outcome;

    [[nodiscard]] const Setting& setting(Place place) const { return settings.at(place); }
    /// The neighbour comes first.
    [[nodiscard]] const arena::ContestantResult& result(Place place) const {
        return outcome.contestants.at(static_cast<std::size_t>(place) + 1);
    }
    [[nodiscard]] std::vector<Line> lines(Place place) const {
        return parse_lines(setting(place).task, result(place).run.out);
    }
    /// "paging --mb 16 --passes 2, in a group of 12 MiB with swap"
    [[nodiscard]] std::string doing(Place place) const {
        return experiment(setting(place).task).command() + ", " + setting(place).where;
    }
};

inline Contest draw_contest() {
    const std::uint64_t limit = drawn(10, 13);
    const std::uint64_t megabytes = drawn(6, 10);
    const Task too_much{.megabytes = limit + 4, .passes = 2};
    const Task fits{.megabytes = megabytes, .passes = 2};
    const Task is_locked{.megabytes = megabytes, .passes = 1, .lock = true};
    Contest contest;
    contest.spoiled_page = drawn(10, megabytes * pages_of_a_mebibyte - 10);
    const arena::Push reclaim{.reclaim = true};
    contest.settings.resize(places);
    contest.settings[without_swap] = {.task = too_much,
                                      .where = fmt::format("in a group of {} MiB without swap", limit),
                                      .memory_bytes = limit * mebibyte,
                                      .swap_bytes = 0};
    contest.settings[with_swap] = {
        .task = too_much,
        .where =
            fmt::format("in a group of {} MiB with swap, after the first pass of {} MiB", limit, limit - 3),
        .memory_bytes = limit * mebibyte,
        .pushes = {{}, {.memory_bytes = (limit - 3) * mebibyte}}};
    contest.settings[pushed_out] = {
        .task = fits,
        .where = "with swap; at each line the kernel is told to reclaim all of it",
        .pushes = {reclaim, reclaim}};
    contest.settings[spoiled] = {
        .task = fits,
        .where = fmt::format("with swap; at the first line one bit of page {} is changed from outside",
                             contest.spoiled_page),
        .pushes = {{.reclaim = true, .spoiled_page = contest.spoiled_page}}};
    contest.settings[locked] = {
        .task = is_locked,
        .where = "with swap; at the first line the kernel is told to reclaim all of it",
        .pushes = {reclaim}};
    contest.settings[locks_too_much] = {
        .task = {.megabytes = 12, .passes = 1, .lock = true},
        .where = "in a group of 6 MiB without swap, where it may lock 1 MiB (ulimit -l 1024)",
        .memory_bytes = 6 * mebibyte,
        .swap_bytes = 0,
        .locked_bytes = mebibyte};
    return contest;
}

/// One that does not hold its dialogue here would only be waited for there.
inline Shared<Contest> contest{[](Lab& lab) {
    expect_lines(usual.get());
    Contest made = draw_contest();
    arena::Request request = machine_with_swap();
    arena::Contestant neighbour;
    neighbour.job = lab.job(lab.probe("probes/holds_swap.cpp"), {"12"});
    neighbour.job.limits.wall = std::chrono::minutes(5);
    neighbour.dialogue = std::vector<arena::Push>{{.reclaim = true}};
    request.contestants.push_back(std::move(neighbour));
    for (const Setting& setting : made.settings) {
        request.contestants.push_back(contestant(lab, lab.program("paging"), setting));
    }
    request.contestants[1].start_after_lines = 2;  // the neighbour does not end
    request.over_when_ended = places;
    made.outcome = lab.arena(request);
    return made;
}};

/// The commands that a student can type for the same: a group inside the machine is the lab's alone.
inline std::string in_a_machine(const Task& task, bool swap = true) {
    std::string words;
    for (const std::string& word : task.arguments()) {
        words += " " + word;
    }
    return fmt::format("../../scripts/lab run 8 --arena vm{} --{}", swap ? " --swap 64" : "", words);
}

inline Task large_for_the_machine(bool lock = false) {
    return {.megabytes = 60, .passes = 2, .lock = lock};
}

/// What a run in the guest printed, and how it ended.
inline std::string excerpt_of(const arena::ContestantResult& result) {
    std::string text = grading::excerpt(result.run.out + result.run.err);
    return fmt::format("{}{}{}", text, text.empty() || text.ends_with('\n') ? "" : "\n",
                       result.oom_killed ? "OOM-killed" : result.run.describe());
}

/// Fails the check for a run in the guest.
[[noreturn]] inline void fail_in(const Contest& contest, Place place, Card card) {
    card.evidence = fmt::format("{}{}$ {}\n{}", card.evidence, card.evidence.empty() ? "" : "\n",
                                contest.doing(place), excerpt_of(contest.result(place)));
    if (card.next.empty()) {
        card.next = in_a_machine(large_for_the_machine(contest.setting(place).task.lock));
    }
    fail(card);
}

/// The lines of a run that ended by itself with this status; each with a look at the program behind it.
inline std::vector<Line> expect_lines_of(const Contest& contest, Place place, int status) {
    const arena::ContestantResult& result = contest.result(place);
    std::vector<Line> lines = contest.lines(place);
    bool in_order = lines.size() == result.looks.size();
    for (std::size_t i = 0; in_order && i < lines.size(); ++i) {
        in_order = result.looks[i].lines == i + 1;
    }
    if (!lines.empty() && in_order && result.run.status.exited_with(status)) {
        return lines;
    }
    fail_in(
        contest, place,
        {.expected = fmt::format("{}: {} lines, a wait for Enter after each, exit status {}",
                                 contest.doing(place), contest.setting(place).task.lines().size(), status),
         .observed =
             fmt::format("{} line(s), {} wait(s); {}", grading::lines_of(result.run.out).size(),
                         result.looks.size(), result.oom_killed ? "OOM-killed" : result.run.describe())});
}

}  // namespace paging
