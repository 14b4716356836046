// Grader of activity 13: the size that threshold finds, compared with what the grader's own search finds
// under the same limit. The limits are drawn: a number that somebody has read somewhere is no experiment.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace alloc_size;

/// Below about 60,000 the first 132 KiB of the heap hide the border. Malloc works in steps of 16 bytes: a
/// limit that is no multiple of 16 tells a search from a formula.
std::uint64_t drawn_limit(std::uint64_t least, std::uint64_t most) {
    return drawn(least / 16, most / 16) * 16 + drawn(1, 15);
}

/// The N of the only line, "threshold N", of a program that did well.
std::optional<std::uint64_t> number_in(const process::Run& run) {
    const auto lines = grading::lines_of(run.out);
    const auto words = lines.size() == 1 ? grading::words_of(lines[0]) : std::vector<std::string>();
    const bool is_form = words.size() == 2 && words[0] == "threshold" && run.out.back() == '\n';
    return is_form && run.status.exited_with(0) ? grading::whole_number(words[1]) : std::nullopt;
}

/// threshold under one limit, and what it should have found.
struct Search {
    Experiment experiment;
    process::Run run;
    std::uint64_t truth = 0;

    [[nodiscard]] std::optional<std::uint64_t> found() const { return number_in(run); }
};

Search search(Lab& lab, std::map<std::string, std::string> environment) {
    Experiment experiment{.program = "threshold", .arguments = {}, .environment = std::move(environment)};
    experiment.limits.data_bytes = 4096 * mebibyte;  // addresses: hardly a page of it is touched
    experiment.limits.output_bytes = 64 * kibibyte;
    grading::NativeOptions how;
    how.environment = experiment.environment;
    how.limits = experiment.limits;
    const process::Run trusted = lab.native(lab.reference("threshold"), how);
    const auto truth = number_in(trusted);
    if (!truth) {
        grading::raise({process::ErrorKind::failed,
                        "the grader's own threshold.cpp: " + trusted.describe() + ", " + shown(trusted.out),
                        "run it by hand: it lies in graders/13-brk-and-mmap/solution"});
    }
    return {experiment, experiment.native(lab), *truth};
}

Shared<Search> usual{[](Lab& lab) { return search(lab, {}); }};
/// Set in the one way and the other.
std::vector<Search> searches(Lab& lab, int count, std::uint64_t least, std::uint64_t most) {
    std::vector<Search> made;
    for (int i = 0; i < count; ++i) {
        const std::string limit = std::to_string(drawn_limit(least, most));
        std::map<std::string, std::string> environment = {{"MALLOC_MMAP_THRESHOLD_", limit}};
        if (i % 2 == 1) {
            environment = {{"GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=" + limit}};
        }
        made.push_back(search(lab, std::move(environment)));
    }
    return made;
}

/// The heap grows by 132 KiB more than is asked for. That room hides a lower limit, as a rule, from a program
/// that lets malloc take it, hence so many; a higher one it cannot hide.
Shared<std::vector<Search>> low_limits{[](Lab& lab) { return searches(lab, 5, 90'000, 130'000); }};
Shared<std::vector<Search>> high_limits{[](Lab& lab) { return searches(lab, 2, 140'000, 3'000'000); }};

std::string said(const Search& search) {
    const auto found = search.found();
    return found ? fmt::format("threshold {}", *found)
                 : fmt::format("{}; stdout: {}", search.run.describe(), shown(search.run.out, 2));
}

void expect_exact(const Search& search) {
    if (search.found() == search.truth) {
        return;
    }
    fail_run(
        search.run, search.experiment.doing(),
        {.expected = fmt::format("one line on stdout, \"threshold N\", N being the smallest size that gets a "
                                 "mapping of its own: {} here; exit status 0",
                                 search.truth),
         .observed = said(search),
         .evidence = fmt::format("$ {}   the grader's own search found {}", search.experiment.command(),
                                 search.truth),
         .next = build_and("threshold", search.experiment.under("strace -e trace=brk,mmap,munmap"))});
}

TEST(Threshold, FindsTheThresholdOfThisMachine) {
    expect_exact(usual.get());
}

TEST(Threshold, FindsAnyThreshold) {
    for (Shared<std::vector<Search>>* shared : {&high_limits, &low_limits}) {
        std::ranges::for_each(shared->get(), expect_exact);
    }
}

void expect_close(const Search& search) {
    const auto found = search.found();
    const std::uint64_t slack = search.truth / 100;
    if (found && *found + slack >= search.truth && *found <= search.truth + slack) {
        return;
    }
    fail_run(search.run, search.experiment.doing(),
             {.expected = fmt::format("\"threshold N\" with an N that is within 1 % of {}", search.truth),
              .observed = said(search),
              .evidence = "$ " + search.experiment.command(),
              .next = build_and("threshold", search.experiment.command())});
}

TEST(Threshold, IsCloseAtLeast) {
    expect_close(usual.get());
    std::ranges::for_each(high_limits.get(), expect_close);
}

/// Under strace, and with every block counted.
struct Asking {
    Experiment experiment;
    std::optional<std::uint64_t> found;
    SyscallRun recorded;
    evidence::NativeBlocks blocks;
};

Shared<Asking> asking{[](Lab& lab) {
    const Search& known = usual.get();
    return Asking{known.experiment, known.found(), known.experiment.syscalls(lab),
                  known.experiment.counted(lab).blocks};
}};

/// The mapping that glibc makes for a block of that size: a header of 16 bytes, in whole pages.
std::uint64_t mapping_for(std::uint64_t size) {
    constexpr std::uint64_t page = 4096;
    const std::uint64_t chunk = (size + 8 + 15) / 16 * 16;
    return (chunk + 8 + page - 1) / page * page;
}

TEST(Threshold, AsksMallocForIt) {
    const Asking& seen = asking.get();
    const std::string next = build_and("threshold", seen.experiment.under("strace -f -e trace=brk,mmap"));
    if (!seen.found) {
        expect_exact(usual.get());
        return;
    }
    const auto& calls = seen.recorded.calls;
    const bool mapped_it = std::any_of(calls.begin(), calls.end(), [&](const evidence::SystemCall& call) {
        return call.name == "mmap" && !call.failed() &&
               evidence::numeric_argument(call, 1) == mapping_for(*seen.found);
    });
    const auto& blocks = seen.blocks.blocks;
    const auto asked_for = [&](std::uint64_t least, std::uint64_t most) {
        return seen.blocks.overflowed || std::any_of(blocks.begin(), blocks.end(), [&](const auto& block) {
                   return block.size >= least && block.size <= most;
               });
    };
    // The blocks of a child are not counted. Its mappings are seen.
    const bool in_children = std::ranges::any_of(calls, [](const evidence::SystemCall& call) {
        return call.name == "fork" || call.name == "vfork" || call.name == "clone" || call.name == "clone3";
    });
    const bool asked = in_children || (asked_for(*seen.found, *seen.found + 15) &&
                                       asked_for(*seen.found - 16, *seen.found - 1));
    if (mapped_it && asked) {
        return;
    }
    fail({.expected =
              "a program that asks malloc: for N bytes, which gets a mapping, and for a little less, which "
              "does not",
          .observed =
              mapped_it ? "it never asked malloc for both"
                        : fmt::format("no mapping of the length that a block of {} bytes needs", *seen.found),
          .evidence = fmt::format("$ {}   {} block(s) asked for", seen.experiment.command(), blocks.size()),
          .next = next});
}

}  // namespace
