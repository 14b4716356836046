// Grader of activity 1: which way does the heap grow?
//
// The student's program prints five addresses and a direction. Neither is believed because it was printed:
//   - Valgrind tells which addresses malloc returned, and strace where the kernel put the heap;
//   - the direction is compared with the addresses, and asked for again with an allocator that works
//   downwards;
//   - an allocator that gives nothing shows what the program does with NULL.
// Valgrind brings a malloc of its own, so the addresses of a run under it never lie in the brk heap; that is
// why two kinds of runs are needed.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/grading/grader.hpp"

namespace {

using namespace vmlab;
using grading::Card;
using grading::fail;
using grading::Lab;
using grading::Preload;
using grading::Shared;

// ---- Evidence: each run is made once and shared by the checks that need it ----

process::Run run_with(Lab& lab, Preload preload, int malloc_calls_that_work) {
    grading::NativeOptions options;
    options.preload = preload;
    options.malloc_calls_that_work = malloc_calls_that_work;
    return lab.native(lab.program("heap_growth"), options);
}

Shared<evidence::MemcheckRun> traced{[](Lab& lab) { return lab.memcheck(lab.program("heap_growth")); }};
Shared<evidence::SyscallRun> recorded{[](Lab& lab) { return lab.syscalls(lab.program("heap_growth")); }};
Shared<process::Run> downwards{[](Lab& lab) { return run_with(lab, Preload::heap_grows_down, 0); }};
// A preloaded library that changes nothing here: its limit is never reached.
Shared<process::Run> unchanged{
    [](Lab& lab) { return run_with(lab, Preload::malloc_fails, std::numeric_limits<int>::max()); }};
Shared<process::Run> first_call_fails{[](Lab& lab) { return run_with(lab, Preload::malloc_fails, 0); }};
Shared<process::Run> third_call_fails{[](Lab& lab) { return run_with(lab, Preload::malloc_fails, 2); }};

// ---- Questions to ask of the evidence ----

using Addresses = std::vector<std::uint64_t>;

const std::string build_it = "g++ -std=c++20 -g -O0 -Wall -Wextra heap_growth.cpp -lfmt -o heap_growth";

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

/// "up", "down", or empty when the program did not say.
std::string stated_direction(const process::Run& run) {
    const std::size_t up = run.out.rfind("heap grows up");
    const std::size_t down = run.out.rfind("heap grows down");
    if (up == std::string::npos && down == std::string::npos) {
        return "";
    }
    return down == std::string::npos || (up != std::string::npos && up > down) ? "up" : "down";
}

/// Whether somebody who looks at these addresses can say "up" ("down"): the last lies above (below) the
/// first, or most steps lead that way. The two differ when malloc reuses a freed block in between. Equal
/// addresses show nothing.
bool show(const Addresses& addresses, std::string_view direction) {
    if (addresses.size() < 2) {
        return false;
    }
    const auto goes = [direction](std::uint64_t from, std::uint64_t to) {
        return direction == "up" ? to > from : to < from;
    };
    std::size_t steps = 0;
    for (std::size_t i = 1; i < addresses.size(); ++i) {
        steps += goes(addresses[i - 1], addresses[i]) ? 1 : 0;
    }
    return goes(addresses.front(), addresses.back()) || 2 * steps > addresses.size() - 1;
}

/// Of the printed addresses those that an allocation function had returned, in the order of the calls.
Addresses allocated(const Addresses& printed, const evidence::AllocationTrace& trace) {
    Addresses matched;
    for (const evidence::AllocationCall& call : trace.calls) {
        if (matched.size() < printed.size() && call.allocates() && call.result == printed[matched.size()]) {
            matched.push_back(call.result);
        }
    }
    return matched;
}

std::vector<evidence::AllocationCall> mallocs_of_an_int(const evidence::AllocationTrace& trace) {
    std::vector<evidence::AllocationCall> calls;
    std::copy_if(trace.calls.begin(), trace.calls.end(), std::back_inserter(calls), [](const auto& call) {
        return call.function == "malloc" && call.size == sizeof(int) && call.allocates();
    });
    return calls;
}

/// The part of the address space that brk gave to the program.
struct Heap {
    std::uint64_t start = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t end = 0;
    std::string row;  ///< strace's text of the last brk
};

Heap heap_of(const evidence::SyscallRun& run) {
    Heap heap;
    for (const evidence::SystemCall& call : run.named("brk")) {
        if (call.result) {
            const auto program_break = static_cast<std::uint64_t>(*call.result);
            heap.start = std::min(heap.start, program_break);
            heap.end = std::max(heap.end, program_break);
            heap.row = call.row;
        }
    }
    return heap;
}

/// "heap_growth: …", also with the path by which the program was started.
bool begins_with_the_programs_name(const std::string& message) {
    static const std::regex name{R"(^(\S*/)?heap_growth\b)"};
    return std::regex_search(message, name);
}

/// Fails the check; but a program that crashed or had to be stopped hears of that first.
[[noreturn]] void fail_run(const process::Run& run, const std::string& doing, Card card) {
    grading::expect_exit(run, doing);
    fail(std::move(card));
}

// ---- The checks ----

TEST(HeapGrowth, AllocatesIntegersWithMalloc) {
    const auto& [run, report, trace, damage] = traced.get();
    const std::size_t calls = mallocs_of_an_int(trace).size();
    if (calls >= 5) {
        return;
    }
    std::string others;
    for (const evidence::AllocationCall& call : trace.calls) {
        others += call.allocates() ? call.row + '\n' : "";
    }
    fail_run(run, "running heap_growth under Valgrind",
             {.expected = "at least five calls of malloc(sizeof(int)), that is malloc(4)",
              .observed = fmt::format("{} calls of malloc(4)", calls),
              .evidence = "every allocation that Valgrind saw, the libraries' own included:\n" +
                          grading::excerpt(others, 12),
              .why = "malloc is told how many bytes you want, nothing else: sizeof(int) is the size of an "
                     "int, sizeof(int*) "
                     "that of a pointer to one. Other functions (calloc, new) do more than malloc does.",
              .next = build_it + " && valgrind -q --trace-malloc=yes ./heap_growth"});
}

TEST(HeapGrowth, PrintsTheAddressesItAllocated) {
    const auto& [run, report, trace, damage] = traced.get();
    const Addresses printed = evidence::addresses_in(run.out);
    const Addresses matched = allocated(printed, trace);
    const auto mallocs = mallocs_of_an_int(trace);
    const auto missing = std::find_if(mallocs.begin(), mallocs.end(), [&printed](const auto& call) {
        return std::find(printed.begin(), printed.end(), call.result) == printed.end();
    });
    if (!printed.empty() && matched.size() == printed.size() && missing == mallocs.end()) {
        return;
    }

    Card card{
        .expected = "each address that malloc returned, on a line of its own, in the order of the calls",
        .observed = {},
        .evidence = {},
        .why =
            "The value of a pointer is the address of the block. It is known only after malloc has returned; "
            "&pointer is another thing: where the pointer variable itself lies.",
        .next = build_it +
                " && valgrind -q --trace-malloc=yes ./heap_growth   (compare its rows with your lines)"};
    if (printed.empty()) {
        card.observed = "no address (0x…) on stdout";
        card.evidence = "stdout:\n" + grading::excerpt(run.out);
    } else if (matched.size() < printed.size()) {
        card.observed = fmt::format("line {} says {:#x}, which malloc did not return (or not in this order)",
                                    matched.size() + 1, printed[matched.size()]);
        card.evidence = mallocs.empty() ? "stdout:\n" + grading::excerpt(run.out)
                                        : "what malloc returned for an int: " +
                                              mallocs[std::min(matched.size(), mallocs.size() - 1)].row;
    } else {
        card.observed = fmt::format("malloc returned {:#x}, which was not printed", missing->result);
        card.evidence = missing->row;
    }
    fail_run(run, "running heap_growth under Valgrind", card);
}

TEST(HeapGrowth, AddressesLieInTheHeap) {
    const evidence::SyscallRun& run = recorded.get();
    const Heap heap = heap_of(run);
    const Addresses printed = evidence::addresses_in(run.run.out);
    const auto outside = std::find_if(printed.begin(), printed.end(), [&heap](std::uint64_t address) {
        return address < heap.start || address >= heap.end;
    });
    if (printed.size() >= 2 && outside == printed.end()) {
        return;
    }
    fail_run(
        run.run, "running heap_growth under strace",
        {.expected =
             fmt::format("at least two addresses, all in the heap, which was {:#x} to {:#x} in this run",
                         heap.start, heap.end),
         .observed = printed.size() < 2 ? fmt::format("{} address(es) on stdout", printed.size())
                                        : fmt::format("{:#x} lies outside the heap", *outside),
         .evidence = "the last call that moved the end of the heap: " + heap.row,
         .why =
             "The kernel moves the end of the heap when brk asks for it, and malloc takes small blocks from "
             "there. "
             "Local variables lie on the stack, globals in the program's data, blocks of 128 KiB and more, "
             "and "
             "those of further threads, in mappings of their own: none of them can tell how the heap grows.",
         .next = build_it + " && strace -e trace=brk,mmap,write ./heap_growth"});
}

TEST(HeapGrowth, StatesTheDirectionThatTheAddressesShow) {
    const evidence::MemcheckRun& watched = traced.get();
    const std::string under_valgrind = stated_direction(watched.run);
    const Addresses blocks = allocated(evidence::addresses_in(watched.run.out), watched.trace);
    if (!show(blocks, under_valgrind)) {
        fail_run(
            watched.run, "running heap_growth under Valgrind",
            {.expected = "the direction from the first block that malloc returned to the last",
             .observed =
                 under_valgrind.empty() ? "neither \"heap grows up\" nor \"heap grows down\" on stdout"
                 : blocks.size() < 2
                     ? fmt::format("\"heap grows {}\", but {} of the printed addresses came from malloc",
                                   under_valgrind, blocks.size())
                     : fmt::format("\"heap grows {}\", with the first block at {:#x} and the last at {:#x}",
                                   under_valgrind, blocks.front(), blocks.back()),
             .evidence = "stdout under Valgrind:\n" + grading::excerpt(watched.run.out),
             .why = "A direction is a fact about at least two blocks that were really allocated.",
             .next = build_it + " && valgrind -q --trace-malloc=yes ./heap_growth"});
    }

    const process::Run& plain = recorded.get().run;
    const std::string stated = stated_direction(plain);
    if (!show(evidence::addresses_in(plain.out), stated)) {
        fail_run(
            plain, "running heap_growth",
            {.expected = "the direction in which the printed addresses go",
             .observed = stated.empty() ? "neither \"heap grows up\" nor \"heap grows down\" on stdout"
                                        : fmt::format("\"heap grows {}\", but the addresses do not", stated),
             .evidence = "stdout:\n" + grading::excerpt(plain.out),
             .why =
                 "An address is a number: the later block lies above the earlier one, below it, or, when the "
                 "earlier one has been freed, in its very place. Keep the blocks until you have compared "
                 "them.",
             .next = build_it + " && ./heap_growth"});
    }
}

TEST(HeapGrowth, FindsTheDirectionByComparing) {
    const process::Run& run = downwards.get();
    if (stated_direction(run) != "down") {
        fail_run(run, "running heap_growth with an allocator that works downwards",
                 {.expected =
                      "\"heap grows down\" when each block that malloc returns lies below the one before it",
                  .observed = stated_direction(run).empty() ? "no direction on stdout" : "\"heap grows up\"",
                  .evidence =
                      "stdout, with another malloc loaded in front of glibc's:\n" + grading::excerpt(run.out),
                  .why = "No standard says where malloc puts the next block. Programs get other allocators "
                         "(jemalloc, a "
                         "sanitizer's, a debugging one) by LD_PRELOAD, unchanged: what depends on one "
                         "allocator's habits "
                         "breaks then. Compare the addresses that malloc gave you in this run.",
                  .next = "scripts/lab hint 1"});
    }

    const process::Run& plain = unchanged.get();
    const std::string stated = stated_direction(plain);
    const std::string opposite = stated == "up" ? "down" : "up";
    if (const Addresses printed = evidence::addresses_in(plain.out);
        stated.empty() || (show(printed, opposite) && !show(printed, stated))) {
        fail_run(plain, "running heap_growth with a library preloaded that does not change where blocks lie",
                 {.expected = "the direction of the addresses, whichever library is preloaded",
                  .observed = stated.empty() ? "no direction on stdout"
                                             : fmt::format("\"heap grows {}\", and addresses that go {}",
                                                           stated, opposite),
                  .evidence = "stdout, with a library preloaded that leaves glibc's malloc in charge:\n" +
                              grading::excerpt(plain.out),
                  .why = "Which libraries are loaded does not tell where the blocks lie. Their addresses do.",
                  .next = build_it + " && ./heap_growth"});
    }
}

TEST(HeapGrowth, ReportsThatMallocFailed) {
    const auto expect_report = [](const process::Run& run, std::string_view which) {
        const std::string doing =
            fmt::format("running heap_growth with an allocator whose {} call fails", which);
        Card card{
            .expected = "a message on stderr that begins with \"heap_growth\", exit status 1, no direction",
            .observed = {},
            .evidence =
                fmt::format("stdout:\n{}\nstderr:\n{}", grading::excerpt(run.out), grading::excerpt(run.err)),
            .why =
                "malloc says \"there is no memory\" by returning NULL, and in no other way. Whoever uses the "
                "block "
                "without asking first crashes far from the cause; whoever prints NULL as an address reports "
                "a "
                "measurement that never was. Scripts look at the exit status, people at stderr.",
            .next = build_it +
                    " && gdb -q -batch -ex 'break malloc if $rdi == 4' -ex run -ex 'return (void*)0' "
                    "-ex continue ./heap_growth"};
        if (!stated_direction(run).empty()) {
            card.observed =
                fmt::format("the {} call of malloc returned NULL, yet a direction was printed", which);
        } else if (!begins_with_the_programs_name(run.err)) {
            card.observed = fmt::format(
                "the {} call of malloc returned NULL, and stderr does not begin with the "
                "program's name",
                which);
        } else if (!run.status.exited_with(1)) {
            card.observed =
                fmt::format("the {} call of malloc returned NULL; the message was there, but then: {}", which,
                            run.describe());
        } else {
            return;
        }
        fail_run(run, doing, card);
    };
    expect_report(first_call_fails.get(), "first");
    expect_report(third_call_fails.get(), "third");
}

TEST(HeapGrowth, PrintsAddressesThenOneDirectionAndNothingElse) {
    static const std::regex address{"0x[0-9a-fA-F]+"};
    static const std::regex direction{"heap grows (up|down)"};
    const process::Run& run = recorded.get().run;
    const std::vector<std::string> lines = lines_of(run.out);

    Card card{.expected =
                  "lines like 0x55555556aeb0, then \"heap grows up\" or \"heap grows down\", nothing else; "
                  "exit status 0",
              .observed = {},
              .evidence = "stdout:\n" + grading::excerpt(run.out),
              .why =
                  "A program that prints one fact a line, in a fixed form, can be read by other programs: | "
                  "sort, | wc -l, "
                  "a grader. Explanations and messages belong on stderr.",
              .next = build_it + " && ./heap_growth; echo \"exit status $?\""};
    if (lines.size() < 2) {
        card.observed = fmt::format("{} line(s) on stdout", lines.size());
        fail_run(run, "running heap_growth", card);
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const bool last = i + 1 == lines.size();
        if (!std::regex_match(lines[i], last ? direction : address)) {
            card.observed = fmt::format("line {} is \"{}\", which is not {}", i + 1,
                                        grading::excerpt(lines[i], 1), last ? "a direction" : "an address");
            fail_run(run, "running heap_growth", card);
        }
    }
    grading::expect_exit_status(run, 0, "running heap_growth");
}

TEST(HeapGrowth, WritesEachLineAtOnce) {
    const evidence::SyscallRun& run = recorded.get();
    const std::vector<evidence::PacedLine> lines = run.paced_lines();
    std::set<std::size_t> writes;
    for (const evidence::PacedLine& line : lines) {
        writes.insert(line.call);
    }
    if (lines.size() >= 2 && writes.size() == lines.size()) {
        return;
    }
    fail_run(run.run, "running heap_growth under strace",
             {.expected = "at least two lines on stdout, and a write of its own for each",
              .observed = fmt::format("{} line(s) in {} write(s)", lines.size(), writes.size()),
              .evidence = writes.empty() ? "no write to stdout" : run.calls[*writes.begin()].row,
              .why = "When stdout is no terminal, the C library collects what you print and writes it out "
                     "only when 4,096 "
                     "bytes have come together or the program ends. A program that is killed never gets "
                     "there: all that it "
                     "had printed is lost. setvbuf(3) or fflush(3) changes that.",
              .next = build_it + " && strace -e trace=write ./heap_growth | cat"});
}

}  // namespace
