// Grader of activity 5: the blocks, as Valgrind saw them, and as they were counted in many rounds without it.

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

const std::string under_memcheck = three_rounds.doing("under Memcheck");

/// How many rounds the program claims to have made: it prints two addresses in each.
std::size_t rounds_claimed(const MemcheckRun& run) {
    return std::max<std::size_t>(1, addresses_in(run.run.out).size() / 2);
}

std::string rows_of(const std::vector<Block>& blocks, const evidence::AllocationTrace& trace) {
    std::string rows;
    for (const Block& block : blocks) {
        rows += trace.calls[block.allocated_at].row + '\n';
    }
    return rows.empty() ? "Valgrind saw no allocation of 1,000,000 bytes or more" : excerpt(rows, 8);
}

/// A program that never ends by itself is told of that before anything that needs its end.
void expect_its_end(const MemcheckRun& run) {
    if (run.run.ending != process::Ending::finished) {
        grading::expect_exit(run.run, under_memcheck);
    }
}

/// "Nothing is leaked" says something only of a program that allocates: at least two large blocks a round.
void expect_blocks_to_free(const MemcheckRun& run) {
    expect_its_end(run);
    const std::vector<Block> blocks = large_blocks(run.trace);
    if (blocks.size() >= 2 * rounds_claimed(run)) {
        return;
    }
    fail_run(run.run, under_memcheck,
             {.expected = "two large blocks allocated in every round, so that there is something to free",
              .observed = fmt::format("{} large block(s) allocated in {} round(s)", blocks.size(),
                                      rounds_claimed(run)),
              .evidence = rows_of(blocks, run.trace),
              .why = "A program that allocates nothing leaks nothing. That is no art.",
              .next = command_with_trace()});
}

TEST(Free, AllocatesBothBlocksInEveryRound) {
    const MemcheckRun& run = watched.get();
    expect_its_end(run);
    const std::size_t rounds = rounds_claimed(run);
    const std::size_t first = number_of_blocks(run.trace, first_block_bytes);
    const std::size_t second = number_of_blocks(run.trace, second_block_bytes);
    if (first >= rounds && second >= rounds) {
        return;
    }
    fail_run(run.run, under_memcheck,
             {.expected =
                  fmt::format("in each of {} round(s): one block of {} bytes (5,000,000 ints) and one of {} "
                              "bytes (5,000,000 unsigned longs)",
                              rounds, grouped(first_block_bytes), grouped(second_block_bytes)),
              .observed = fmt::format("{} block(s) of {} bytes and {} of {} bytes", first,
                                      grouped(first_block_bytes), second, grouped(second_block_bytes)),
              .evidence = "what Valgrind saw:\n" + rows_of(large_blocks(run.trace), run.trace),
              .next = command_with_trace()});
}

TEST(Free, PrintsTheAddressesItAllocated) {
    const MemcheckRun& run = watched.get();
    expect_its_end(run);
    const std::vector<Round> rounds = rounds_of(run.run.out);
    const std::vector<Block> blocks = large_blocks(run.trace);
    const auto wrong = wrong_address(rounds, blocks);
    if (!rounds.empty() && !wrong) {
        return;
    }
    Card card{.expected =
                  "in each round the address of the block of ints, then that of the larger block of "
                  "unsigned longs",
              .evidence = fmt::format("stdout:\n{}\nwhat Valgrind saw:\n{}", shown(run.run.out, 3),
                                      rows_of(blocks, run.trace)),
              .next = command_with_trace()};
    card.observed = fmt::format("{} address(es) (0x...) on stdout", addresses_in(run.run.out).size());
    if (wrong) {
        card.observed = fmt::format("the {} address of round {} is {:#x}, which is {}", wrong->column,
                                    wrong->round, wrong->address, wrong->what);
    }
    fail_run(run.run, under_memcheck, card);
}

void expect_the_report(const MemcheckRun& run) {
    if (run.report.complete) {
        return;
    }
    fail_run(run.run, under_memcheck,
             {.expected =
                  fmt::format("a program that ends after {} rounds, so that Memcheck can count what is left",
                              rounds_under_memcheck),
              .observed = run.run.describe(),
              .evidence = shown(run.run.err),
              .why = "Memcheck looks for leaks when the program ends.",
              .next = command_with_valgrind()});
}

/// After three rounds, by Memcheck.
void expect_no_leaks(const MemcheckRun& run) {
    const std::vector<evidence::Leak>& leaks = run.report.leaks;
    if (leaks.empty()) {
        return;
    }
    std::uint64_t bytes = 0;
    std::uint64_t blocks = 0;
    for (const evidence::Leak& leak : leaks) {
        bytes += leak.bytes;
        blocks += leak.blocks;
    }
    const auto largest = std::max_element(leaks.begin(), leaks.end(), [](const auto& one, const auto& other) {
        return one.bytes < other.bytes;
    });
    const auto lost = static_cast<std::int64_t>(largest->bytes);
    std::string row = fmt::format("Memcheck: {} bytes in {} block(s) are {}", grouped(lost), largest->blocks,
                                  evidence::name_of(largest->kind));
    if (const evidence::Frame* place = largest->at("free_loop.cpp")) {
        row += fmt::format(", allocated at free_loop.cpp:{}", place->line);
    }
    fail({.expected =
              fmt::format("after {} rounds, 0 bytes in 0 blocks are still allocated", rounds_under_memcheck),
          .observed = fmt::format("{} bytes in {} block(s) were never freed",
                                  grouped(static_cast<std::int64_t>(bytes)), blocks),
          .evidence = row,
          .next = command_with_valgrind()});
}

/// After many rounds, by an allocator that counts.
void expect_none_left(const CountedRun& run) {
    const std::size_t first = run.never_freed(first_block_bytes);
    const std::size_t second = run.never_freed(second_block_bytes);
    // A program that was stopped in the midst of a round still holds that round's blocks, and may hold one of
    // the round before.
    const std::size_t rightly_held = run.was_stopped() ? 2 : 0;
    if (first <= rightly_held && second <= rightly_held) {
        return;
    }
    const Experiment experiment = with_rounds(run.rounds);
    fail({.expected = fmt::format("after {} rounds every block has been freed", run.rounds),
          .observed = fmt::format("{} block(s) of {} bytes and {} of {} bytes were never freed", first,
                                  grouped(first_block_bytes), second, grouped(second_block_bytes)),
          .evidence =
              fmt::format("counted in {}, without Valgrind: {}", experiment.command(), run.run.describe()),
          .next = build_and("free_loop",
                            experiment.under("strace -e inject=clock_nanosleep:retval=0 " + valgrind))});
}

TEST(Free, FreesEveryBlock) {
    const MemcheckRun& run = watched.get();
    expect_blocks_to_free(run);
    expect_the_report(run);
    expect_no_leaks(run);
    expect_none_left(counted.get());
}

void expect_no_error(const MemcheckRun& run, const Experiment& experiment) {
    if (run.report.errors.empty()) {
        return;
    }
    const evidence::MemoryError& error = run.report.errors.front();
    const evidence::Frame* place = error.at("free_loop.cpp");
    std::string row = "inside a library";
    if (place != nullptr) {
        row = fmt::format("at free_loop.cpp:{}", place->line);
    }
    if (!error.detail.empty()) {
        row += "; " + error.detail;
    }
    fail({.expected =
              "each block freed once, by the function that matches its allocation, and nothing used that "
              "is no block, or has no value yet",
          .observed = fmt::format("{}: {}, while {}", error.kind, error.what, experiment.doing()),
          .evidence = row,
          .next = build_and("free_loop", experiment.under(valgrind))});
}

TEST(Free, MisusesNoBlock) {
    const MemcheckRun& run = watched.get();
    expect_blocks_to_free(run);
    expect_no_error(run, three_rounds);
    expect_no_error(watched_forever.get(), forever);
    expect_no_error(watched_zero.get(), forever_by_zero);
    for (Misuse* misuse : {&no_number, &half_a_number, &empty_argument, &negative_number, &two_numbers,
                           &with_a_sign, &with_a_blank}) {
        expect_no_error(misuse->run.get(), misuse->experiment);
    }
    expect_the_report(run);
    const std::vector<Block> blocks = large_blocks(run.trace);
    const auto freed = static_cast<std::size_t>(std::count_if(
        blocks.begin(), blocks.end(), [](const Block& block) { return block.freed_at.has_value(); }));
    if (freed > rounds_claimed(run)) {
        return;
    }
    fail({.expected = "both blocks of a round given back, each in the right way",
          .observed = fmt::format("{} of {} large blocks were given back at all", freed, blocks.size()),
          .evidence = rows_of(blocks, run.trace),
          .why = "A block that nobody gives back cannot be given back wrongly. These points begin where both "
                 "are freed.",
          .next = command_with_trace()});
}

}  // namespace
