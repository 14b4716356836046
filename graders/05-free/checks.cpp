// Grader of activity 5: give it back with free().
//
// The answers are compared with live runs of programs that the grader trusts: the original starter, a
// finished program, and a small one that frees a single block. strace tells what the kernel was asked for;
// the addresses are compared within one run, for every run starts elsewhere.
//
// Then the student's program is judged, by three witnesses:
//   - Valgrind's trace tells which blocks were allocated, and Memcheck what became of them;
//   - strace tells what was printed and how long was slept (the sleeps themselves are fast-forwarded);
//   - a run without end shows whether its memory grows: a program that frees everything at the very end leaks
//     all the same while it runs.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "address_space.hpp"
#include "endless_run.hpp"
#include "rounds.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace free_loop;
using namespace vmlab;
using evidence::MemcheckRun;
using evidence::SyscallRun;
using grading::Card;
using grading::excerpt;
using grading::fail;
using grading::Lab;
using grading::lab;
using grading::Shared;

// ---- Evidence: each run is made once and shared by the checks that need it ----

constexpr std::size_t rounds_under_memcheck = 3;
constexpr std::size_t rounds_under_strace = 4;
constexpr std::size_t rounds_of_the_original = 6;
constexpr std::size_t early_round = 10;
constexpr std::size_t late_round = 100;
constexpr std::size_t enough_rounds_for_forever = 10;
constexpr std::int64_t mebibyte = 1 << 20;
constexpr std::uint64_t most_data_bytes = 768 * mebibyte;  // 19 rounds of the starter
constexpr std::uint64_t most_output_bytes = 64 << 10;      // some 2,000 lines: a program that never ends

SyscallRun record_trusted(Lab& lab, const grading::Program& program, const std::string& argument) {
    evidence::SyscallOptions options;
    options.arguments = {argument};
    SyscallRun run = lab.syscalls(program, options);
    if (!run.run.succeeded()) {
        grading::raise({process::ErrorKind::failed,
                        fmt::format("the grader's own {}: {}", program.source, run.run.describe()),
                        "run it by hand: it lies in graders/05-free"});
    }
    return run;
}

SyscallRun record(Lab& lab, const std::string& argument) {
    evidence::SyscallOptions options;
    options.arguments = {argument};
    options.limits.output_bytes = most_output_bytes;
    return lab.syscalls(lab.program("free_loop"), options);
}

MemcheckRun watch(Lab& lab) {
    evidence::MemcheckOptions options;
    options.arguments = {std::to_string(rounds_under_memcheck)};
    options.fast_forward_sleeps = true;
    options.limits.wall = std::chrono::minutes(2);  // for programs that write all of their 60 MB each round
    options.limits.output_bytes = most_output_bytes;
    MemcheckRun run = lab.memcheck(lab.program("free_loop"), options);
    if (run.run.ending != process::Ending::finished) {
        grading::expect_exit(run.run, "running free_loop 3 under Memcheck");
    }
    return run;
}

// A student works in activities/05-free/free_loop.cpp itself: the program as it was given out is kept here
// too.
// First, because it really sleeps.
Shared<UnwatchedRun> unwatched{
    [](Lab& lab) { return run_unwatched(lab, lab.program("free_loop"), most_data_bytes); }};
Shared<SyscallRun> starter{[](Lab& lab) {
    return record_trusted(lab, lab.starter("free_loop"), std::to_string(rounds_of_the_original));
}};
Shared<SyscallRun> reference{[](Lab& lab) {
    return record_trusted(lab, lab.reference("free_loop"), std::to_string(rounds_of_the_original));
}};
Shared<SyscallRun> freed_20_million_bytes{
    [](Lab& lab) { return record_trusted(lab, lab.probe("probes/free_one_block.cpp"), "20000000"); }};
Shared<SyscallRun> freed_20_bytes{
    [](Lab& lab) { return record_trusted(lab, lab.probe("probes/free_one_block.cpp"), "20"); }};

Shared<MemcheckRun> watched{watch};
Shared<SyscallRun> recorded{[](Lab& lab) { return record(lab, std::to_string(rounds_under_strace)); }};
Shared<EndlessRun> endless{[](Lab& lab) {
    return run_endlessly(lab, lab.program("free_loop"), {}, early_round, late_round, most_data_bytes);
}};
Shared<EndlessRun> zero_rounds{[](Lab& lab) {
    return run_endlessly(lab, lab.program("free_loop"), {"0"}, 1, enough_rounds_for_forever, most_data_bytes);
}};
EndlessRun run_misused(Lab& lab, std::vector<std::string> arguments) {
    return run_endlessly(lab, lab.program("free_loop"), std::move(arguments), 1, 1, most_data_bytes);
}
Shared<EndlessRun> no_number{[](Lab& lab) { return run_misused(lab, {"ten"}); }};
Shared<EndlessRun> half_a_number{[](Lab& lab) { return run_misused(lab, {"3x"}); }};
Shared<EndlessRun> two_numbers{[](Lab& lab) { return run_misused(lab, {"1", "1"}); }};
Shared<process::Run> first_malloc_fails{
    [](Lab& lab) { return run_one_round_without_memory(lab, lab.program("free_loop"), 0); }};
Shared<process::Run> second_malloc_fails{
    [](Lab& lab) { return run_one_round_without_memory(lab, lab.program("free_loop"), 1); }};

const std::string build = "g++ -std=c++20 -g -O0 -Wall -Wextra free_loop.cpp -lfmt -o free_loop";
const std::string look_with_valgrind = build + " && valgrind --leak-check=full ./free_loop 3";
const std::string trace_with_valgrind =
    build + " && valgrind -q --trace-malloc=yes ./free_loop 3 2>&1 | grep -v 'free(0x0)'";
const std::string look_with_strace =
    build +
    " && strace -e trace=brk,mmap,munmap,write,clock_nanosleep -e inject=clock_nanosleep:retval=0 "
    "./free_loop 5";

/// 20000000 as "20,000,000", the way Memcheck writes it.
template <class Number>
std::string grouped(Number number) {
    std::string digits = std::to_string(number);
    for (std::size_t end = digits.size(); end > 3; end -= 3) {
        digits.insert(end - 3, ",");
    }
    return digits;
}

/// Fails the check; but a program that crashed or crossed a limit hears of that first. One that we stopped
/// because we had seen enough did nothing wrong by running.
[[noreturn]] void fail_run(const process::Run& run, const std::string& doing, Card card) {
    if (run.ending != process::Ending::stopped) {
        grading::expect_exit(run, doing);
    }
    fail(std::move(card));
}

// ---- Part 1: the answers, compared with live runs. A card never tells which one is wrong ----

/// An answer and what the run showed.
struct Answer {
    std::string_view key;
    bool given;
    bool measured;
};

void expect_answers(const std::string& table, const std::vector<Answer>& answers, Card card) {
    const auto right = std::count_if(answers.begin(), answers.end(),
                                     [](const Answer& answer) { return answer.given == answer.measured; });
    if (right == static_cast<std::ptrdiff_t>(answers.size())) {
        return;
    }
    card.observed =
        fmt::format("{} of the {} answers below [{}] agree with the run", right, answers.size(), table);
    if (answers.size() == 1) {
        card.observed = fmt::format("the answer below [{}] does not agree with the run", table);
    }
    card.evidence = "answers.toml:";
    for (const Answer& answer : answers) {
        card.evidence += fmt::format("\n{} = {}", answer.key, answer.given);
    }
    fail(std::move(card));
}

TEST(Free, AnswersWhereTheStartersBlocksLie) {
    const grading::Answers answers = lab().answers();
    const auto given = [&answers](std::string_view key) { return answers.boolean("starter", key); };
    const std::string_view early = "first_pointer_moves_between_rounds_1_and_2";
    const std::string_view late = "first_pointer_moves_after_round_2";
    const std::string_view second = "second_pointer_moves";
    const std::vector<Round> rounds = rounds_in(starter.get().run.out);
    const std::vector<Round> first_two(rounds.begin(), rounds.begin() + 2);
    expect_answers(
        "starter",
        {{early, given(early), moves(first_two, &Round::first, 2)},
         {late, given(late), moves(rounds, &Round::first, 3)},
         {second, given(second), moves(rounds, &Round::second, 2)}},
        {.expected = fmt::format("what the original program prints in one run of {} rounds: does an address "
                                 "differ from the one above it?",
                                 rounds_of_the_original),
         .observed = {},
         .evidence = {},
         .why =
             "Whether malloc takes a block from the heap or asks the kernel for a mapping of its own depends "
             "on a limit that moves while the program runs: freeing a mapping of up to 32 MiB raises it to "
             "that size (mallopt(3), M_MMAP_THRESHOLD). So round 1 need not be like the others. And a place "
             "that is still taken cannot be given out again.",
         .next = "../../scripts/lab reset 5 && " + build +
                 " && ./free_loop 6   # not under Valgrind: it has a malloc of its own"});
}

TEST(Free, AnswersWhereTheFixedProgramsBlockLies) {
    const std::string_view key = "second_pointer_moves";
    const bool given = lab().answers().boolean("fixed", key);
    const std::vector<Round> rounds = rounds_in(reference.get().run.out);
    expect_answers(
        "fixed", {{key, given, moves(rounds, &Round::second, 2)}},
        {.expected = "what the finished program prints when each block is freed as soon as its address has "
                     "been printed: does the second address differ from the one above it?",
         .observed = {},
         .evidence = {},
         .why = "A block of 40,000,000 bytes is larger than 32 MiB: it is a mapping in every round, and free "
                "hands it to the kernel. The kernel puts a new mapping into the first gap that is large "
                "enough, searching downwards. Who has left a gap, and who has not?",
         .next = look_with_strace + "   # compare the results of mmap"});
}

/// Of a run of the probe: whether the kernel got the block's memory back between the line with its address
/// and the line "freed".
bool returned_to_the_kernel(const SyscallRun& run) {
    const std::vector<evidence::PacedLine> lines = run.paced_lines();
    const std::vector<std::uint64_t> block = evidence::addresses_in(run.run.out);
    if (lines.size() != 3 || block.size() != 1) {
        grading::raise({process::ErrorKind::failed,
                        "the grader's own free_one_block.cpp printed: " + excerpt(run.run.out),
                        "run it by hand: it lies in graders/05-free/probes"});
    }
    return given_back(run.calls, block[0], lines[1].call, lines[2].call);
}

TEST(Free, AnswersWhoGetsTheMemoryBack) {
    const grading::Answers answers = lab().answers();
    const std::string_view large = "block_of_20_million_bytes_returned_in_round_1";
    const std::string_view small = "block_of_20_bytes_returned_to_the_kernel";
    const bool large_given = answers.boolean("after_free", large);
    const bool small_given = answers.boolean("after_free", small);
    expect_answers(
        "after_free",
        {{large, large_given, returned_to_the_kernel(freed_20_million_bytes.get())},
         {small, small_given, returned_to_the_kernel(freed_20_bytes.get())}},
        {.expected = "whether strace shows a munmap of the block's memory, or a brk that lowers the "
                     "end of the heap below it, at the moment of free()",
         .observed = {},
         .evidence = {},
         .why = "free() gives a block back to malloc. Whether malloc passes it on to the kernel "
                "depends on where it had it from: a mapping of its own, or the heap, of which only "
                "the end can be given back.",
         .next = build + " && strace -e trace=brk,mmap,munmap,write ./free_loop 3   # the 20 bytes: "
                         "../../scripts/lab hint 5"});
}

// ---- Part 2: the blocks, as Valgrind saw them ----

/// How many rounds the program claims to have made: it prints two addresses in each.
std::size_t rounds_claimed(const MemcheckRun& run) {
    return std::max<std::size_t>(1, evidence::addresses_in(run.run.out).size() / 2);
}

std::string rows_of(const std::vector<Block>& blocks, const evidence::AllocationTrace& trace) {
    std::string rows;
    for (const Block& block : blocks) {
        rows += trace.calls[block.allocated_at].row + '\n';
    }
    return rows.empty() ? "Valgrind saw no allocation of 1,000,000 bytes or more" : excerpt(rows, 8);
}

/// "Nothing is leaked" says something only of a program that allocates: at least two large blocks a round.
void expect_blocks_to_free(const MemcheckRun& run) {
    const std::vector<Block> blocks = large_blocks(run.trace);
    if (blocks.size() >= 2 * rounds_claimed(run)) {
        return;
    }
    fail_run(run.run, "running free_loop 3 under Memcheck",
             {.expected = "two large blocks allocated in every round, so that there is something to free",
              .observed = fmt::format("{} large block(s) allocated in {} round(s)", blocks.size(),
                                      rounds_claimed(run)),
              .evidence = rows_of(blocks, run.trace),
              .why = "A program that allocates nothing leaks nothing. That is no art.",
              .next = trace_with_valgrind});
}

TEST(Free, AllocatesBothBlocksInEveryRound) {
    const MemcheckRun& run = watched.get();
    const std::size_t rounds = rounds_claimed(run);
    const std::size_t first = run.trace.blocks_of_size(first_block_bytes).size();
    const std::size_t second = run.trace.blocks_of_size(second_block_bytes).size();
    if (first >= rounds && second >= rounds) {
        return;
    }
    fail_run(
        run.run, "running free_loop 3 under Valgrind",
        {.expected =
             fmt::format("in each of {} round(s): one block of {} bytes (5,000,000 ints) and one of {} "
                         "bytes (5,000,000 unsigned longs)",
                         rounds, grouped(first_block_bytes), grouped(second_block_bytes)),
         .observed = fmt::format("{} block(s) of {} bytes and {} of {} bytes", first,
                                 grouped(first_block_bytes), second, grouped(second_block_bytes)),
         .evidence = "what Valgrind saw:\n" + rows_of(large_blocks(run.trace), run.trace),
         .why =
             "malloc counts bytes, not elements: multiply by sizeof of the element. The sizes matter here: "
             "20,000,000 bytes lie below malloc's largest limit for mappings, 40,000,000 above it.",
         .next = trace_with_valgrind});
}

TEST(Free, PrintsTheAddressesItAllocated) {
    const MemcheckRun& run = watched.get();
    const std::vector<std::uint64_t> printed = evidence::addresses_in(run.run.out);
    const std::vector<Block> blocks = large_blocks(run.trace);
    const std::size_t matched = in_order_of_allocation(printed, blocks);
    if (printed.size() >= 2 && matched == printed.size()) {
        return;
    }
    fail_run(
        run.run, "running free_loop 3 under Valgrind",
        {.expected = "in each round the address of the first block, then that of the second",
         .observed = printed.size() < 2
                         ? fmt::format("{} address(es) (0x...) on stdout", printed.size())
                         : fmt::format("address {} of the output is {:#x}, which is not that of the next "
                                       "large block (or of none)",
                                       matched + 1, printed[matched]),
         .evidence = fmt::format("stdout:\n{}\nwhat Valgrind saw:\n{}", excerpt(run.run.out, 3),
                                 rows_of(blocks, run.trace)),
         .why = "The value of a pointer is the block's address; &pointer is where the variable lies. The "
                "observation of this activity is worth something only if what is printed is what malloc "
                "returned in that round.",
         .next = trace_with_valgrind});
}

TEST(Free, FreesEveryBlock) {
    const MemcheckRun& run = watched.get();
    expect_blocks_to_free(run);
    if (!run.report.complete) {
        fail_run(run.run, "running free_loop 3 under Memcheck",
                 {.expected = "a program that ends after 3 rounds, so that Memcheck can count what is left",
                  .observed = run.run.describe(),
                  .evidence = excerpt(run.run.err),
                  .why = "Memcheck looks for leaks when the program ends.",
                  .next = look_with_valgrind});
    }
    if (run.report.leaks.empty()) {
        return;
    }
    std::uint64_t bytes = 0;
    std::uint64_t blocks = 0;
    for (const evidence::Leak& leak : run.report.leaks) {
        bytes += leak.bytes;
        blocks += leak.blocks;
    }
    const auto largest = std::max_element(run.report.leaks.begin(), run.report.leaks.end(),
                                          [](const auto& a, const auto& b) { return a.bytes < b.bytes; });
    const evidence::Frame* place = largest->at("free_loop.cpp");
    fail({.expected = "after 3 rounds, 0 bytes in 0 blocks are still allocated",
          .observed = fmt::format("{} bytes in {} block(s) were never freed", grouped(bytes), blocks),
          .evidence = fmt::format(
              "Memcheck: {} bytes in {} block(s) are {}{}", grouped(largest->bytes), largest->blocks,
              evidence::name_of(largest->kind),
              place ? fmt::format(", allocated at free_loop.cpp:{}", place->line) : std::string()),
          .why = "While a program runs, nobody else can give its blocks back. Round after round the leak "
                 "grows, and a program that is meant to run forever does not. The row names the line that "
                 "allocated; the fault is where the last pointer to the block was lost. (\"Possibly lost\": "
                 "some number in memory happens to look like an address inside the block.)",
          .next = look_with_valgrind});
}

TEST(Free, MisusesNoBlock) {
    const MemcheckRun& run = watched.get();
    expect_blocks_to_free(run);
    if (!run.report.errors.empty()) {
        const evidence::MemoryError& error = run.report.errors.front();
        const evidence::Frame* place = error.at("free_loop.cpp");
        fail({.expected = "each block freed once, by the function that matches its allocation, and not used "
                          "any more after that",
              .observed = fmt::format("{}: {}", error.kind, error.what),
              .evidence = fmt::format(
                  "{}{}{}", place ? fmt::format("at free_loop.cpp:{}", place->line) : "inside a library",
                  error.detail.empty() ? "" : "; ", error.detail),
              .why = "After free(p) the pointer still holds the old address, but the memory may belong to "
                     "nobody (then the program crashes) or already to another block (then it damages that "
                     "one, silently). malloc and free, new and delete, new[] and delete[] are pairs.",
              .next = look_with_valgrind});
    }
    if (!run.report.complete) {
        fail_run(run.run, "running free_loop 3 under Memcheck",
                 {.expected = "a program that ends after 3 rounds",
                  .observed = run.run.describe(),
                  .evidence = excerpt(run.run.err),
                  .why = "Only a run that ended was watched to its end.",
                  .next = look_with_valgrind});
    }
}

// ---- Part 3: the program as it runs without Valgrind ----

TEST(Free, StaysFlatOverManyRounds) {
    const EndlessRun& run = endless.get();
    const std::vector<evidence::PacedLine> lines = run.recorded.paced_lines();
    const AddressSpace memory(run.recorded.calls);
    Card card{
        .expected = fmt::format("after {} lines, no more memory than after {}", late_round, early_round),
        .observed = {},
        .evidence = {},
        .why =
            "A leak is not what is left at the end: it is memory that a running program cannot use "
            "any more. The address space (VSZ in ps, VmSize in /proc) shows a leaked block even if "
            "no page of it was ever touched; the resident set (RSS, VmRSS) shows what the leak costs "
            "in RAM. In a program that frees what it allocates, both stay where they are.",
        .next = look_with_strace + "   # is there a munmap for every mmap, in every round?"};
    if (memory.most() < mebibyte) {
        card.expected = "a program that allocates two large blocks in every round";
        card.observed = fmt::format("it never held more than {} bytes of heap and mappings", memory.most());
        card.evidence =
            fmt::format("{} line(s) on stdout: {}", lines.size(), excerpt(run.recorded.run.out, 2));
        fail_run(run.recorded.run, "running free_loop without end", card);
    }

    if (lines.size() >= 4) {
        const std::size_t early = std::min(early_round, lines.size() / 2) - 1;
        // The last line before a program runs out of memory is not like the others.
        const std::size_t late = (lines.size() < late_round ? lines.size() - 1 : late_round) - 1;
        const std::int64_t grown = memory.held_after(lines[late].call) - memory.held_after(lines[early].call);
        if (grown > mebibyte) {
            card.observed = fmt::format(
                "between line {} and line {} the address space grew by {} bytes: {} a line", early + 1,
                late + 1, grouped(grown), grouped(grown / static_cast<std::int64_t>(late - early)));
            card.evidence = fmt::format("strace, what the kernel gave last before line {}:\n{}", early + 1,
                                        run.recorded.calls[memory.last_gain_before(lines[early].call)].row);
            if (lines.size() < late_round) {
                card.evidence +=
                    fmt::format("\nit was allowed {} MiB in all, and ended after {} lines; stderr: {}",
                                most_data_bytes / mebibyte, lines.size(), excerpt(run.recorded.run.err, 2));
            }
            fail(std::move(card));
        }
    }
    if (lines.size() < late_round || !run.early_peak || !run.late_peak) {
        card.observed =
            fmt::format("it ended after {} line(s): {}", lines.size(), run.recorded.run.describe());
        card.evidence = "stderr: " + excerpt(run.recorded.run.err, 3);
        fail_run(run.recorded.run, "running free_loop without end", card);
    }
    if (const auto grown =
            static_cast<std::int64_t>(*run.late_peak) - static_cast<std::int64_t>(*run.early_peak);
        grown > 4 * mebibyte) {
        card.observed = fmt::format("the largest resident set grew by {} KiB", grown / 1024);
        card.evidence = fmt::format("/proc/PID/status, VmHWM: {} KiB after {} lines, {} KiB after {}",
                                    *run.early_peak / 1024, early_round, *run.late_peak / 1024, late_round);
        fail(std::move(card));
    }

    // Once more with nobody tracing: the heap may grow by the first block, once; a leaked block comes on top.
    const std::vector<std::uint64_t>& sizes = unwatched.get().sizes;
    if (sizes.size() == 2 && sizes[0] > 0 && sizes[1] > sizes[0] + first_block_bytes + 5 * mebibyte) {
        card.expected = "the same behaviour, whether somebody watches or not";
        card.observed = fmt::format(
            "under strace it keeps its size; left alone it grows by {} bytes from round 1 to round 2",
            grouped(sizes[1] - sizes[0]));
        card.evidence = fmt::format("/proc/PID/status, VmSize: {} kB in round 1, {} kB in round 2",
                                    sizes[0] / 1024, sizes[1] / 1024);
        card.next = build + " && ./free_loop & sleep 5; ps -o rss,vsz,comm -C free_loop; kill %1";
        fail(std::move(card));
    }
}

TEST(Free, PrintsOneLineARound) {
    static const std::regex line_of_a_round{"0x[0-9a-fA-F]+\t0x[0-9a-fA-F]+"};
    const process::Run& run = recorded.get().run;
    const std::vector<std::string> lines = lines_of(run.out);
    Card card{
        .expected = fmt::format("free_loop {}: {} lines, each ADDRESS, a tab, ADDRESS; exit status 0",
                                rounds_under_strace, rounds_under_strace),
        .observed = {},
        .evidence = "stdout:\n" + excerpt(run.out),
        .why =
            "A fixed form can be read by other programs: cut -f1 gives the first column only if "
            "there is a tab and nothing else. Messages belong on stderr.",
        .next = build + fmt::format(" && ./free_loop {} | cat -A   # a tab shows as ^I, a line's end as $",
                                    rounds_under_strace)};
    const auto other = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
        return !std::regex_match(line, line_of_a_round);
    });
    if (other != lines.end()) {
        card.observed = fmt::format("line {} is \"{}\"", other - lines.begin() + 1, excerpt(*other, 1));
        fail_run(run, "running free_loop 4", card);
    }
    if (lines.size() != rounds_under_strace || run.out.back() != '\n') {
        card.observed = fmt::format("{} line(s)", lines.size());
        fail_run(run, "running free_loop 4", card);
    }
    grading::expect_exit_status(run, 0, "running free_loop 4");
}

/// Whether this much sleep is the pause. A program that sleeps until a moment (std::this_thread::sleep_until)
/// has used up a little of it before it asks.
bool is_pause(std::chrono::nanoseconds slept, std::chrono::seconds pause) {
    return slept <= pause && slept + std::chrono::milliseconds(50) > pause;
}

TEST(Free, SleepsTwoSecondsARound) {
    using namespace std::chrono_literals;
    const SyscallRun& run = recorded.get();
    const std::vector<evidence::PacedLine> lines = run.paced_lines();
    Card card{.expected = "2 s of sleep after every line, and none before the first",
              .observed = {},
              .evidence = {},
              .why =
                  "The grader does not wait: strace lets each sleep return at once and notes how long it "
                  "was meant to be. A line that waits in stdout's buffer comes after sleeps that should "
                  "have followed it; into a pipe, stdout is written only when 4,096 bytes have come "
                  "together or fflush asks for it.",
              .next = look_with_strace + " | cat"};
    const auto seconds = [](std::chrono::nanoseconds time) {
        return fmt::format("{} s", std::chrono::duration<double>(time).count());
    };
    const auto complain = [&](const std::string& where, std::chrono::nanoseconds slept) {
        card.observed = fmt::format("{}: {} of sleep", where, seconds(slept));
        const auto sleep = std::find_if(run.calls.begin(), run.calls.end(), evidence::is_sleep);
        card.evidence = sleep == run.calls.end() ? "strace saw no sleep at all" : "strace: " + sleep->row;
        fail_run(run.run, "running free_loop 4", card);
    };
    if (lines.size() < 2) {
        complain(fmt::format("{} line(s) in all", lines.size()), run.slept());
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!is_pause(lines[i].slept_before, i == 0 ? 0s : 2s)) {
            complain(fmt::format("before line {}", i + 1), lines[i].slept_before);
        }
    }
    if (run.run.ending == process::Ending::finished && !is_pause(run.slept_after_last_line(), 2s)) {
        complain("after the last line", run.slept_after_last_line());
    }
    if (const auto took = unwatched.get().two_lines_took; took && *took < 1900ms) {
        card.expected = "the same pauses whether strace watches or not";
        card.observed =
            fmt::format("left alone, the program prints two lines within {:.3f} s", took->count());
        card.evidence = "measured from the start of ./free_loop to its second line, without strace";
        card.next = build + " && time ./free_loop 2";
        fail(std::move(card));
    }
}

TEST(Free, RunsForeverUnlessToldOtherwise) {
    const auto expect_forever = [](const EndlessRun& run, const std::string& command) {
        const bool ended_content = run.recorded.run.succeeded();
        if (run.lines >= enough_rounds_for_forever && !ended_content) {
            return;
        }
        fail_run(run.recorded.run, "running " + command,
                 {.expected = fmt::format("`{}` goes on until it is stopped", command),
                  .observed =
                      fmt::format("it printed {} line(s); then: {}", run.lines, run.recorded.run.describe()),
                  .evidence = fmt::format("stdout: {}\nstderr: {}", excerpt(run.recorded.run.out, 2),
                                          excerpt(run.recorded.run.err, 2)),
                  .why = "Leaks hurt programs that do not end: servers, desktops, phones. A loop without end "
                         "is where they can be watched.",
                  .next = build + " && " + command + "   # stop it with Ctrl-C"});
    };
    expect_forever(endless.get(), "./free_loop");
    expect_forever(zero_rounds.get(), "./free_loop 0");
}

bool begins_with_the_programs_name(const std::string& message) {
    static const std::regex name{R"(^(\S*/)?free_loop\b)"};
    return std::regex_search(message, name);
}

TEST(Free, RefusesBadUsage) {
    const auto expect_refusal = [](const EndlessRun& misused, const std::string& command) {
        const process::Run& run = misused.recorded.run;
        if (run.status.exited_with(2) && run.out.empty() && begins_with_the_programs_name(run.err)) {
            return;
        }
        fail_run(
            run, "running " + command,
            {.expected = fmt::format("`{}`: a message on stderr that begins with \"free_loop\", nothing on "
                                     "stdout, exit status 2",
                                     command),
             .observed = run.describe(),
             .evidence = fmt::format("stdout: {}\nstderr: {}", excerpt(run.out, 2), excerpt(run.err, 2)),
             .why = "atoi turns every word into 0, and 0 means forever here: a typing error becomes another "
                    "command. strtoul and std::from_chars say whether there was a number, and where it "
                    "ended; argc says how many arguments there were.",
             .next = build + " && ./" + command + "; echo \"exit status $?\""});
    };
    expect_refusal(no_number.get(), "free_loop ten");
    expect_refusal(half_a_number.get(), "free_loop 3x");
    expect_refusal(two_numbers.get(), "free_loop 1 1");
}

/// Blocks need not come from malloc: a program that uses plain new does not notice this run, and finishes its
/// round. One that does not ask whether it got NULL prints NULL.
bool finished_its_round(const process::Run& run) {
    const std::vector<Round> rounds = rounds_in(run.out);
    return (run.succeeded() || run.ending == process::Ending::stopped) && rounds.size() == 1 &&
           rounds[0].first != 0 && rounds[0].second != 0;
}

TEST(Free, ReportsThatMallocFailed) {
    const auto expect_report = [](const process::Run& run, const std::string& failing_call) {
        if (finished_its_round(run)) {
            return;
        }
        std::vector<std::string> faults;
        if (!begins_with_the_programs_name(run.err)) {
            faults.push_back("wrote no message to stderr that begins with its name");
        }
        const std::vector<std::uint64_t> printed = evidence::addresses_in(run.out);
        if (std::count(printed.begin(), printed.end(), 0) > 0 || run.out.find("(nil)") != std::string::npos) {
            faults.push_back("printed NULL as if it were a block's address");
        } else if (!rounds_in(run.out).empty()) {
            faults.push_back("printed the line of a whole round");
        }
        if (!run.status.exited_with(1)) {
            faults.push_back("ended with: " + run.describe());
        }
        if (faults.empty()) {
            return;
        }
        const Card card{
            .expected =
                "a message on stderr that begins with \"free_loop\", no NULL on stdout, exit "
                "status 1",
            .observed = fmt::format("malloc returned NULL from its {} call on, and the program {}",
                                    failing_call, fmt::join(faults, "; ")),
            .evidence = fmt::format("stdout: {}\nstderr: {}", excerpt(run.out, 2), excerpt(run.err, 2)),
            .why =
                "NULL is the only way in which malloc can say that there is no memory. A program that "
                "does not ask goes on with address 0, where there is no block.",
            .next = build + " && (ulimit -v 40000; ./free_loop 1); echo \"exit status $?\"",
        };
        if (run.status.signal && run.ending == process::Ending::finished) {
            fail(card, grading::Reason::crashed);
        }
        fail_run(run, "running free_loop 1 without memory", card);
    };
    expect_report(first_malloc_fails.get(), "first");
    expect_report(second_malloc_fails.get(), "second");
}

}  // namespace
