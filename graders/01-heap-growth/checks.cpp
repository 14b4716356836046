// Grader of activity 1: which way does the heap grow?
//
// The student's program prints five addresses and a direction. Neither is believed because it was printed:
//   - Valgrind tells which addresses malloc returned, and strace where the kernel put the heap;
//   - a run in which nothing but malloc counts tells the same without Valgrind;
//   - the direction is compared with the addresses, and asked for again with an allocator that works down;
//   - an allocator that gives nothing shows what the program does with NULL.
// Valgrind brings a malloc of its own, whose blocks never lie in the heap of brk. That is why the program
// runs under Valgrind for the first question and without it for the second.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "questions.hpp"
#include "runs.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/memory_errors.hpp"
#include "vmlab/grading/output.hpp"

namespace {

using namespace heap_growth;
using namespace vmlab;
using evidence::addresses_in;
using grading::Card;
using grading::excerpt;
using grading::fail_run;
using grading::shown;

std::string quoted(const std::string& direction) {
    return direction.empty() ? "no direction on stdout" : fmt::format("\"heap grows {}\"", direction);
}

TEST(HeapGrowth, AllocatesIntegersWithMalloc) {
    const evidence::MemcheckRun& watched = traced.get();
    const std::size_t calls = blocks_in(watched.trace).ints.size();
    if (calls >= 5) {
        return;
    }
    fail_run(watched.run, experiment.doing("under Valgrind"),
             {
                 .expected = "at least five calls of malloc(sizeof(int)), that is malloc(4)",
                 .observed = fmt::format("calls of malloc(4): {}", calls),
                 .evidence = "every allocation that Valgrind saw, those of the libraries included:\n" +
                             shown(allocations_in(watched.trace), 12),
                 .next = watch_malloc(),
             });
}

/// What a witness says against the printed addresses; nothing when they are those of its blocks.
std::optional<std::string> objection(const Addresses& printed, const Blocks& blocks) {
    if (printed.empty()) {
        return "no address (0x…) on stdout";
    }
    if (const std::size_t matched = printed_in_order(printed, blocks); matched < printed.size()) {
        return fmt::format("address number {} on stdout, {:#x}, is not what malloc returned at that point",
                           matched + 1, printed[matched]);
    }
    if (const auto missing = first_not_printed(blocks, printed)) {
        return fmt::format("malloc returned {:#x}, but it was not printed", *missing);
    }
    return std::nullopt;
}

/// The second witness, without Valgrind: a program that is the same everywhere prints its blocks here too.
void expect_own_addresses_without_valgrind() {
    const auto& [run, native] = counted.get();
    const Blocks blocks = blocks_in(native);
    auto against = objection(addresses_in(run.out), blocks);
    if (!native.heard) {
        against = "no block could be counted: malloc was never heard of";
    } else if (!against &&
               blocks.ints.size() < std::min<std::size_t>(5, blocks_in(traced.get().trace).ints.size())) {
        against = fmt::format("calls of malloc(4): {}", blocks.ints.size());
    }
    if (!against) {
        return;
    }
    fail_run(
        run, experiment.doing("with its blocks counted"),
        {
            .expected = "the addresses of the program's own blocks, without Valgrind as under it",
            .observed = fmt::format("in a run without Valgrind: {}", *against),
            .evidence = fmt::format("stdout:\n{}\nblocks of an int that malloc returned in that run: {}",
                                    shown(run.out), blocks.ints.size()),
            .why =
                "What Valgrind saw counts only if it is so without it too: with blocks that the C library's "
                "malloc returned.",
            .next = "read heap_growth.cpp: what decides which address is printed?",
        });
}

TEST(HeapGrowth, PrintsTheAddressesItAllocated) {
    const evidence::MemcheckRun& watched = traced.get();
    const auto against = objection(addresses_in(watched.run.out), blocks_in(watched.trace));
    if (!against) {
        expect_own_addresses_without_valgrind();
        return;
    }
    fail_run(watched.run, experiment.doing("under Valgrind"),
             {
                 .expected =
                     "each address that malloc returned for an int, in the order of the calls, and no other",
                 .observed = *against,
                 .evidence = "every allocation that Valgrind saw, those of the libraries included:\n" +
                             shown(allocations_in(watched.trace), 12),
                 .next = watch_malloc(),
             });
}

TEST(HeapGrowth, AddressesLieInTheHeap) {
    const evidence::SyscallRun& run = recorded.get();
    const Heap heap = heap_of(run);
    const Addresses printed = addresses_in(run.run.out);
    const auto outside =
        std::ranges::find_if_not(printed, [&heap](std::uint64_t address) { return heap.contains(address); });
    if (printed.size() >= 2 && outside == printed.end()) {
        return;
    }
    Card card{
        .expected = fmt::format("at least two addresses, all in the heap: from {:#x} up to {:#x} in this run",
                                heap.start, heap.end),
        .observed = fmt::format("addresses on stdout: {}", printed.size()),
        .evidence = "strace saw the end of the heap move: " + heap.row,
        .next = built_and(experiment.under("strace -e trace=brk,mmap,write")),
    };
    if (outside != printed.end()) {
        card.observed = fmt::format("{:#x}, which lies outside", *outside);
    }
    fail_run(run.run, experiment.doing("under strace"), std::move(card));
}

/// What can be told of a direction that the addresses do not show.
std::string reason_for(const Course& course) {
    if (course.distinct < 2) {
        return "The direction of the heap is a fact about blocks that malloc returned, at least two of them.";
    }
    if (course.up > 0 && course.down > 0) {
        return "A single step shows little: where a block was freed in between (an old buffer of a growing "
               "container, too), malloc hands out that place again. Compare the first block with the last.";
    }
    return "The direction is what the printed addresses show, in this run, with this allocator.";
}

/// Fails unless the direction is the one in which these addresses go.
void expect_direction(const process::Run& run, const Addresses& addresses, const std::string& how,
                      const std::string& next) {
    const std::string stated = stated_direction(run);
    const Course course = course_of(addresses);
    if (course.shows(stated)) {
        return;
    }
    std::string observed =
        fmt::format("{}; blocks of malloc's that were printed: {}", quoted(stated), course.distinct);
    if (course.distinct >= 2) {
        observed += fmt::format("; the last lies {} the first; steps up: {}, down: {}",
                                course.ends_above ? "above" : "below", course.up, course.down);
    }
    fail_run(run, experiment.doing(how),
             {
                 .expected =
                     "\"heap grows up\" or \"heap grows down\", as the blocks of malloc's go that it printed",
                 .observed = std::move(observed),
                 .evidence = fmt::format("stdout {}:\n{}", how, shown(run.out)),
                 .why = reason_for(course),
                 .next = next,
             });
}

TEST(HeapGrowth, StatesTheDirectionThatTheAddressesShow) {
    const evidence::MemcheckRun& watched = traced.get();
    const Addresses blocks = that_are_blocks(addresses_in(watched.run.out), blocks_in(watched.trace));
    expect_direction(watched.run, blocks, "under Valgrind", watch_malloc());
    const process::Run& plain = recorded.get().run;
    expect_direction(plain, addresses_in(plain.out), "under strace", built_and(experiment.command()));
    const process::Run& alone = untraced.get();
    expect_direction(alone, addresses_in(alone.out), "with nobody watching", built_and(experiment.command()));
}

TEST(HeapGrowth, FindsTheDirectionByComparing) {
    const process::Run& reversed = downwards.get();
    if (const std::string stated = stated_direction(reversed); stated != "down") {
        fail_run(
            reversed, experiment.doing("with an allocator that works downwards"),
            {
                .expected = "\"heap grows down\" when malloc puts each block below the one before it",
                .observed = quoted(stated),
                .evidence = "stdout, with such a malloc loaded in place of glibc's:\n" + shown(reversed.out),
                .next = "../../scripts/lab hint 1",
            });
    }
    const process::Run& other = upwards.get();
    if (const std::string stated = stated_direction(other); stated != "up") {
        fail_run(
            other, experiment.doing("with an allocator that works upwards"),
            {
                .expected = "\"heap grows up\" when the same malloc puts each block above the one before it",
                .observed = quoted(stated),
                .evidence = "stdout, with that malloc loaded in place of glibc's:\n" + shown(other.out),
                .why = "Neither habit nor the list of loaded libraries tells where blocks lie. Addresses do.",
                .next = "../../scripts/lab hint 1",
            });
    }
}

void expect_report_of_null(const process::Run& run, const std::string& failing_calls) {
    std::vector<std::string> faults;
    if (!grading::begins_with_name(run.err, "heap_growth")) {
        faults.emplace_back("wrote no message to stderr that begins with its name");
    }
    if (const std::string direction = stated_direction(run); !direction.empty()) {
        faults.emplace_back("stated a direction");
    }
    // Of lines in another form than the task's only that of NULL is spoken of here: another check has the
    // rest.
    const bool only_addresses = !first_that_is_no_block(untraced.get().out, is_direction);
    const Addresses printed = addresses_in(run.out);
    if (const auto line = first_that_is_no_block(run.out, is_direction);
        line && (only_addresses || std::ranges::find(printed, 0U) != printed.end())) {
        faults.push_back(fmt::format("printed \"{}\", which is the address of no block", excerpt(*line, 1)));
    }
    if (!run.status.exited_with(1)) {
        faults.push_back("ended with: " + run.describe());
    }
    if (faults.empty()) {
        return;
    }
    Card card{
        .expected =
            "on stderr a message that begins with \"heap_growth\"; on stdout no line but the addresses of "
            "blocks, so neither NULL nor a direction; exit status 1",
        .observed = fmt::format("malloc returned NULL {}, and the program {}", failing_calls,
                                fmt::join(faults, "; ")),
        .evidence = fmt::format("stdout:\n{}\nstderr:\n{}", shown(run.out), shown(run.err)),
        .next = built_and(experiment.under("gdb -q -batch -ex 'break malloc if $rdi == 4' -ex run "
                                           "-ex 'return (void*)0' -ex continue")),
    };
    if (run.status.signal && run.ending == process::Ending::finished) {
        grading::fail(std::move(card), grading::Reason::crashed);
    }
    fail_run(run, experiment.doing("with a malloc that returns NULL " + failing_calls), std::move(card));
}

TEST(HeapGrowth, ReportsThatMallocFailed) {
    for (const Starved& starved : starvations) {
        expect_report_of_null(starved.run->get(), starved.which_calls);
    }
}

/// Ends the check unless this run printed addresses, then one direction, and ended well.
void expect_form(const process::Run& run, const std::string& how) {
    const std::vector<std::string> lines = grading::lines_of(run.out);
    const auto wrong = std::ranges::find_if_not(lines, [&lines](const std::string& line) {
        return &line == &lines.back() ? is_direction(line) : grading::address_of(line).has_value();
    });
    if (lines.size() < 2 || wrong != lines.end()) {
        std::string observed = fmt::format("lines on stdout: {}", lines.size());
        if (lines.size() >= 2) {
            observed = fmt::format("line {}: {}", wrong - lines.begin() + 1, excerpt(*wrong, 1));
        }
        fail_run(
            run, experiment.doing(how),
            {
                .expected = "lines like 0x55555556aeb0, then one line: heap grows up, or heap grows down",
                .observed = std::move(observed),
                .evidence = fmt::format("stdout {}:\n{}", how, shown(run.out)),
                .next = built_and(experiment.command()),
            });
    }
    if (!run.out.ends_with('\n')) {
        grading::fail({
            .expected = "a newline at the end of the last line too",
            .observed = "stdout ends with \"" + excerpt(lines.back(), 1) + "\" and no newline",
            .evidence = fmt::format("stdout {}:\n{}", how, shown(run.out)),
            .why =
                "A newline ends a line; it does not part two of them. wc -l counts one line less here, and the "
                "shell writes its prompt right behind your text.",
            .next = built_and(experiment.command()) + " | cat -A   # a line's end shows as $",
        });
    }
    grading::expect_exit_status(run, 0, experiment.doing(how));
}

TEST(HeapGrowth, PrintsAddressesThenOneDirectionAndNothingElse) {
    expect_form(recorded.get().run, "under strace");
    expect_form(untraced.get(), "with nobody watching");
    expect_form(counted.get().run, "with its blocks counted");
}

TEST(HeapGrowth, WritesEachLineAtOnce) {
    const evidence::SyscallRun& run = recorded.get();
    const std::vector<evidence::PacedLine> lines = run.paced_lines();
    const std::set<std::size_t> writes = writes_of(lines);
    if (lines.size() >= 2 && writes.size() == lines.size()) {
        return;
    }
    fail_run(
        run.run, experiment.doing("under strace"),
        {
            .expected = "at least two lines on stdout, each completed by a write of its own",
            .observed =
                fmt::format("lines: {}, calls of write that completed them: {}", lines.size(), writes.size()),
            .evidence = writes.empty() ? "strace saw no write to stdout" : run.calls[*writes.begin()].row,
            .next = built_and(experiment.under("strace -e trace=write")) + " | cat",
        });
}

TEST(HeapGrowth, UsesOnlyLiveBlocks) {
    const evidence::MemcheckRun& watched = traced.get();
    const Addresses printed = that_are_blocks(addresses_in(watched.run.out), blocks_in(watched.trace));
    if (printed.size() < 2) {
        fail_run(watched.run, experiment.doing("under Valgrind"),
                 {
                     .expected = "blocks that the program works with: at least two whose addresses it prints",
                     .observed = fmt::format("blocks of malloc's that were printed: {}", printed.size()),
                     .evidence = "stdout under Valgrind:\n" + shown(watched.run.out),
                     .why = "A program that does little makes few mistakes: that would be no merit.",
                     .next = watch_malloc(),
                 });
    }
    const std::string next = built_and(experiment.under("valgrind"));
    std::vector<grading::WatchedRun> runs{
        {"", watched, next},
        {"with an allocator that works downwards", downwards_watched.get(), next},
        {"with an allocator that works upwards", upwards_watched.get(), next}};
    for (const Starved& starved : starvations) {
        runs.push_back({"when malloc returns NULL " + starved.which_calls, starved.watched->get(),
                        "read heap_growth.cpp: what does it do when malloc returns NULL?"});
    }
    if (auto card = grading::first_memory_error(runs, "heap_growth.cpp")) {
        grading::fail(std::move(*card));
    }
}

}  // namespace
