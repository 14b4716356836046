// Grader of activity 1: which way does the heap grow?
//
// The student's program prints five addresses and a direction. Neither is believed because it was printed:
//   - Valgrind tells which addresses malloc returned, and strace where the kernel put the heap;
//   - the direction is compared with the addresses, and asked for again with an allocator that works down;
//   - an allocator that gives nothing shows what the program does with NULL.
//   - two runs that nobody traces, one of them with every block counted, must say the same.
// Valgrind brings a malloc of its own, whose blocks never lie in the heap of brk. That is why the program
// runs under Valgrind for the first question and without it for the second.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "questions.hpp"
#include "vmlab/evidence/native_blocks.hpp"
#include "vmlab/grading/agreement.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace heap_growth;
using namespace vmlab;
using evidence::addresses_in;
using grading::Card;
using grading::excerpt;
using grading::Lab;
using grading::Preload;
using grading::Shared;

process::Run run_out_of_memory(Lab& lab, int malloc_calls_that_work, std::optional<int> that_fail = {}) {
    grading::NativeOptions options;
    options.preload = Preload::malloc_fails;
    options.malloc_calls_that_work = malloc_calls_that_work;
    options.malloc_calls_that_fail = that_fail;
    return lab.native(lab.program("heap_growth"), options);
}

/// One allocator that can work both ways. Only the last bit of a drawn number tells it which: no program can
/// learn that from a file's name or from what is loaded.
process::Run run_with_heap(Lab& lab, bool upwards) {
    std::random_device draw;
    grading::NativeOptions options;
    options.preload = Preload::heap_grows_down;
    options.environment["VMLAB_HEAP_SEED"] = std::to_string((draw() & ~1U) + (upwards ? 1U : 0U));
    return lab.native(lab.program("heap_growth"), options);
}

// Each run is made once and shared by the checks that need it.
Shared<evidence::MemcheckRun> traced{[](Lab& lab) { return lab.memcheck(lab.program("heap_growth")); }};
Shared<evidence::SyscallRun> recorded{[](Lab& lab) { return lab.syscalls(lab.program("heap_growth")); }};
Shared<process::Run> untraced{[](Lab& lab) { return lab.native(lab.program("heap_growth")); }};
Shared<process::Run> counted{[](Lab& lab) {
    grading::NativeOptions options;
    options.preload = Preload::counts_blocks;
    return lab.native(lab.program("heap_growth"), options);
}};
Shared<process::Run> downwards{[](Lab& lab) { return run_with_heap(lab, false); }};
Shared<process::Run> upwards{[](Lab& lab) { return run_with_heap(lab, true); }};
Shared<process::Run> first_call_fails{[](Lab& lab) { return run_out_of_memory(lab, 0); }};
Shared<process::Run> third_call_fails{[](Lab& lab) { return run_out_of_memory(lab, 2); }};
Shared<process::Run> only_the_third_fails{[](Lab& lab) { return run_out_of_memory(lab, 2, 1); }};

const std::string build = "g++ -std=c++20 -g -O0 -Wall -Wextra heap_growth.cpp -lfmt -o heap_growth";
const std::string watch_malloc = build + " && valgrind -q --trace-malloc=yes ./heap_growth";

/// Fails the check; but a program that crashed or had to be stopped hears of that first.
[[noreturn]] void fail_run(const process::Run& run, const std::string& doing, Card card) {
    grading::expect_exit(run, doing);
    grading::fail(std::move(card));
}

std::string quoted(const std::string& direction) {
    return direction.empty() ? "no direction on stdout" : fmt::format("\"heap grows {}\"", direction);
}

/// What a program printed, for a card.
std::string shown(const std::string& text) {
    return text.empty() ? "(nothing)" : excerpt(text);
}

TEST(HeapGrowth, AllocatesIntegersWithMalloc) {
    const evidence::MemcheckRun& watched = traced.get();
    const AllocationCalls calls = mallocs_of_an_int(watched.trace);
    if (calls.size() >= 5) {
        return;
    }
    const Card card{
        .expected = "at least five calls of malloc(sizeof(int)), that is malloc(4)",
        .observed = fmt::format("calls of malloc(4): {}", calls.size()),
        .evidence = "every allocation that Valgrind saw, those of the libraries included:\n" +
                    excerpt(allocations_in(watched.trace), 12),
        .why =
            "malloc learns nothing but a number of bytes. sizeof(int) is the size of an int, sizeof(int*) "
            "that of a pointer to one. Other functions (calloc; new, which the trace calls _Znwm) do more "
            "than "
            "malloc does.",
        .next = watch_malloc,
    };
    fail_run(watched.run, "running heap_growth under Valgrind", card);
}

/// The second witness: in a run without Valgrind a preloaded malloc counts the program's own blocks. A
/// program that printed each of its blocks under Valgrind, and reads no uninitialised memory, prints them
/// here too.
void expect_own_addresses_without_valgrind() {
    const evidence::MemcheckRun& watched = traced.get();
    const process::Run& run = counted.get();
    if (!run.succeeded() || !watched.report.errors.empty()) {
        return;
    }
    const auto native = evidence::native_blocks(run.channels.at(grading::block_channel));
    if (!native.to_the_end) {
        return;  // it brings a malloc of its own, or closed the descriptor: nobody was told of its blocks
    }
    const Addresses& taken = native.addresses;
    const Addresses printed = addresses_in(run.out);
    const std::size_t real = number_that_are(printed, taken);
    if (real >= mallocs_of_an_int(watched.trace).size()) {
        return;
    }
    Card card{
        .expected = "the addresses of the program's own blocks, with Valgrind and without it",
        .observed = fmt::format("under Valgrind it prints what malloc returned; without it, of {} addresses "
                                "on stdout {} are those of blocks",
                                printed.size(), real),
        .evidence = fmt::format("stdout without Valgrind:\n{}\nblocks that the program took in that run: {}\n"
                                "stdout under Valgrind:\n{}",
                                shown(run.out), taken.size(), shown(watched.run.out)),
        .why =
            "Points are given for what Valgrind saw. That holds only for a program that takes its blocks "
            "from the C library's malloc, and prints the same when Valgrind does not look.",
        .next = "read heap_growth.cpp: what decides which address is printed?",
    };
    grading::suspect_tampering(std::move(card));
}

TEST(HeapGrowth, PrintsTheAddressesItAllocated) {
    const evidence::MemcheckRun& watched = traced.get();
    const Addresses printed = addresses_in(watched.run.out);
    const std::size_t matched = printed_in_order(printed, watched.trace);
    const AllocationCalls missing = not_printed(mallocs_of_an_int(watched.trace), printed);
    if (!printed.empty() && matched == printed.size() && missing.empty()) {
        expect_own_addresses_without_valgrind();
        return;
    }
    Card card{
        .expected = "each address that malloc returned for an int, in the order of the calls, and no other",
        .observed = "no address (0x…) on stdout",
        .evidence = "every allocation that Valgrind saw, those of the libraries included:\n" +
                    excerpt(allocations_in(watched.trace), 12),
        .why =
            "The value of a pointer is the address of the block, and it is known only once malloc has "
            "returned. &pointer is something else: the place where the variable itself lies.",
        .next = watch_malloc,
    };
    if (!printed.empty() && matched < printed.size()) {
        card.observed =
            fmt::format("address number {} on stdout, {:#x}, is not what malloc returned at that point",
                        matched + 1, printed[matched]);
    } else if (!printed.empty()) {
        card.observed = fmt::format("malloc returned {:#x}, but it was not printed", missing.front().result);
    }
    fail_run(watched.run, "running heap_growth under Valgrind", card);
}

TEST(HeapGrowth, AddressesLieInTheHeap) {
    const evidence::SyscallRun& run = recorded.get();
    const Heap heap = heap_of(run);
    const Addresses printed = addresses_in(run.run.out);
    const auto outside = std::find_if_not(printed.begin(), printed.end(),
                                          [&heap](auto address) { return heap.contains(address); });
    if (printed.size() >= 2 && outside == printed.end()) {
        return;
    }
    const Card card{
        .expected = fmt::format("at least two addresses, all in the heap: from {:#x} up to {:#x} in this run",
                                heap.start, heap.end),
        .observed = outside == printed.end() ? fmt::format("addresses on stdout: {}", printed.size())
                                             : fmt::format("{:#x}, which lies outside", *outside),
        .evidence = "strace saw the end of the heap move: " + heap.row,
        .why =
            "brk moves the end of the heap, and malloc takes small blocks from below it. Local variables "
            "lie on the stack, globals in the program's data, and blocks of 128 KiB and more, or of a "
            "second thread, in mappings of their own. None of those can tell how the heap grows.",
        .next = build + " && strace -e trace=brk,mmap,write ./heap_growth",
    };
    fail_run(run.run, "running heap_growth under strace", card);
}

TEST(HeapGrowth, StatesTheDirectionThatTheAddressesShow) {
    const evidence::MemcheckRun& watched = traced.get();
    const Addresses blocks = allocated(addresses_in(watched.run.out), watched.trace);
    if (const std::string stated = stated_direction(watched.run); !show(blocks, stated)) {
        const Card card{
            .expected = "\"heap grows up\" or \"heap grows down\", as the addresses that malloc returned go",
            .observed = fmt::format("{}; malloc had returned {} of the printed addresses", quoted(stated),
                                    blocks.size()),
            .evidence = "stdout under Valgrind:\n" + shown(watched.run.out),
            .why =
                "The direction of the heap is a fact about blocks that malloc returned, at least two of "
                "them. "
                "Local variables lie on the stack, which has a direction of its own.",
            .next = watch_malloc,
        };
        fail_run(watched.run, "running heap_growth under Valgrind", card);
    }

    const process::Run& plain = recorded.get().run;
    if (const std::string stated = stated_direction(plain); !show(addresses_in(plain.out), stated)) {
        const Card card{
            .expected = "the direction in which the printed addresses go",
            .observed = quoted(stated) + ", but the addresses do not go that way",
            .evidence = "stdout:\n" + shown(plain.out),
            .why =
                "A later block lies above an earlier one, or below it; or, when the earlier one has been "
                "freed, in its very place. Keep the blocks until you have compared them.",
            .next = build + " && ./heap_growth",
        };
        fail_run(plain, "running heap_growth", card);
    }
}

TEST(HeapGrowth, FindsTheDirectionByComparing) {
    const process::Run& reversed = downwards.get();
    if (const std::string stated = stated_direction(reversed); stated != "down") {
        const Card card{
            .expected = "\"heap grows down\" when malloc puts each block below the one before it",
            .observed = quoted(stated),
            .evidence = "stdout, with such a malloc loaded in place of glibc's:\n" + shown(reversed.out),
            .why =
                "No standard says where malloc puts the next block. A program can get another allocator at "
                "any time (LD_PRELOAD, see ld.so(8)) without being built anew; one that relies on the "
                "habits of glibc's is wrong from then on.",
            .next = "../../scripts/lab hint 1",
        };
        fail_run(reversed, "running heap_growth with an allocator that works downwards", card);
    }

    const process::Run& other = upwards.get();
    if (const std::string stated = stated_direction(other); stated != "up") {
        const Card card{
            .expected = "\"heap grows up\" when the same malloc puts each block above the one before it",
            .observed = quoted(stated),
            .evidence = "stdout, with that malloc loaded in place of glibc's:\n" + shown(other.out),
            .why = "Neither habit nor the list of loaded libraries tells where blocks lie. Addresses do.",
            .next = "../../scripts/lab hint 1",
        };
        fail_run(other, "running heap_growth with an allocator that works upwards", card);
    }
}

void expect_report_of_null(const process::Run& run, const std::string& failing_calls) {
    std::vector<std::string> faults;
    if (!begins_with_the_programs_name(run.err)) {
        faults.push_back("wrote no message to stderr that begins with its name");
    }
    if (const std::string direction = stated_direction(run); !direction.empty()) {
        faults.push_back("stated a direction");
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
    const Card card{
        .expected =
            "on stderr a message that begins with \"heap_growth\"; on stdout no line but the addresses of "
            "blocks, so neither NULL nor a direction; exit status 1",
        .observed = fmt::format("malloc returned NULL {}, and the program {}", failing_calls,
                                fmt::join(faults, "; ")),
        .evidence = fmt::format("stdout:\n{}\nstderr:\n{}", shown(run.out), shown(run.err)),
        .why =
            "NULL is the only way in which malloc can say that there is no memory. A program that does not "
            "ask uses address 0 and crashes, or reports a measurement that it never made. People read "
            "stderr; scripts look at the exit status.",
        .next = build +
                " && gdb -q -batch -ex 'break malloc if $rdi == 4' -ex run -ex 'return (void*)0' -ex "
                "continue ./heap_growth",
    };
    if (run.status.signal && run.ending == process::Ending::finished) {
        grading::fail(card, grading::Reason::crashed);
    }
    fail_run(run, fmt::format("running heap_growth with a malloc that returns NULL {}", failing_calls), card);
}

TEST(HeapGrowth, ReportsThatMallocFailed) {
    expect_report_of_null(first_call_fails.get(), "from its first call on");
    expect_report_of_null(third_call_fails.get(), "from its third call on");
    expect_report_of_null(only_the_third_fails.get(), "at its third call, and only there");
}

/// A program that reads memory it never initialised may do something else each time. Where Memcheck saw
/// nothing of that, it is no mistake.
grading::OutcomeKind if_the_witnesses_disagree() {
    try {
        if (traced.get().report.errors.empty()) {
            return grading::OutcomeKind::tamper_suspected;
        }
    } catch (const grading::Verdict&) {
        // Without Valgrind nobody can say.
    }
    return grading::OutcomeKind::failed;
}

TEST(HeapGrowth, PrintsAddressesThenOneDirectionAndNothingElse) {
    const process::Run& run = recorded.get().run;
    const std::vector<std::string> lines = lines_of(run.out);
    const auto wrong = std::find_if_not(lines.begin(), lines.end(), [&lines](const std::string& line) {
        return &line == &lines.back() ? is_direction(line) : is_address(line);
    });
    if (lines.size() < 2 || wrong != lines.end()) {
        const Card card{
            .expected = "lines like 0x55555556aeb0, then one line: heap grows up, or heap grows down",
            .observed = lines.size() < 2
                            ? fmt::format("lines on stdout: {}", lines.size())
                            : fmt::format("line {}: {}", wrong - lines.begin() + 1, excerpt(*wrong, 1)),
            .evidence = "stdout:\n" + shown(run.out),
            .why =
                "Lines of a fixed form, one fact in each, can be read by other programs: sort, wc, a grader. "
                "Explanations and messages belong on stderr.",
            .next = build + " && ./heap_growth",
        };
        fail_run(run, "running heap_growth", card);
    }
    if (!run.out.ends_with('\n')) {
        grading::fail({
            .expected = "a newline at the end of the last line too",
            .observed = "stdout ends with \"" + excerpt(lines.back(), 1) + "\" and no newline",
            .evidence = "stdout:\n" + shown(run.out),
            .why =
                "A newline ends a line; it does not part two of them. wc -l counts one line less here, and "
                "the shell writes its prompt right behind your text.",
            .next = build + " && ./heap_growth | cat -A   # a line's end shows as $",
        });
    }
    grading::expect_exit_status(run, 0, "running heap_growth");

    const grading::Agreement agreement{.otherwise = if_the_witnesses_disagree(),
                                       .next = build + " && ./heap_growth"};
    grading::expect_agreement({"under strace", run}, {"with nobody watching", untraced.get()}, agreement);
    grading::expect_agreement({"under strace", run}, {"with its blocks counted", counted.get()}, agreement);
}

TEST(HeapGrowth, WritesEachLineAtOnce) {
    const evidence::SyscallRun& run = recorded.get();
    const std::vector<evidence::PacedLine> lines = run.paced_lines();
    const std::set<std::size_t> writes = writes_of(lines);
    if (lines.size() >= 2 && writes.size() == lines.size()) {
        return;
    }
    const Card card{
        .expected = "at least two lines on stdout, each completed by a write of its own",
        .observed =
            fmt::format("lines: {}, calls of write that completed them: {}", lines.size(), writes.size()),
        .evidence = writes.empty() ? "strace saw no write to stdout" : run.calls[*writes.begin()].row,
        .why =
            "When stdout is not a terminal, the C library collects what you print in a buffer (4,096 bytes "
            "for a pipe) and writes it out when that is full or the program ends. A program that is killed "
            "never comes so far, and its last lines are lost. See setvbuf(3) and fflush(3).",
        .next = build + " && strace -e trace=write ./heap_growth | cat",
    };
    fail_run(run.run, "running heap_growth under strace", card);
}

}  // namespace
