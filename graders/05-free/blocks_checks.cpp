// Grader of activity 5: the blocks, as Valgrind saw them.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "rounds.hpp"
#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace free_loop;
using namespace vmlab;
using evidence::MemcheckRun;
using grading::excerpt;
using grading::fail;

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
    const std::size_t first = number_of_blocks(run.trace, first_block_bytes);
    const std::size_t second = number_of_blocks(run.trace, second_block_bytes);
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

}  // namespace
