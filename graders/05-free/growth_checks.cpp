// Grader of activity 5: what the program holds while it runs, told by the kernel.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "address_space.hpp"
#include "growth.hpp"
#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace free_loop;

/// What the program held in the first sleep behind each line of that record.
std::vector<std::int64_t> held_in_sleeps(const SyscallRun& run, const AddressSpace& memory) {
    std::vector<std::int64_t> held;
    for (const evidence::PacedLine& line : run.paced_lines()) {
        const auto behind = run.calls.begin() + static_cast<std::ptrdiff_t>(line.call) + 1;
        const auto sleep = std::find_if(behind, run.calls.end(), evidence::is_sleep);
        if (sleep == run.calls.end()) {
            break;
        }
        held.push_back(memory.held_after(static_cast<std::size_t>(sleep - run.calls.begin())));
    }
    return held;
}

std::string kilobytes(std::int64_t bytes) {
    return grouped(bytes / 1024) + " kB";
}

/// The same quantity at the same rounds of two runs: private memory that may be written to, counted from the
/// system calls under strace and told by /proc/PID/status without it.
struct Comparison {
    std::size_t from = 0;  ///< lines, counted from 1
    std::size_t to = 0;
    std::int64_t traced_from = 0;
    std::int64_t traced_to = 0;
    std::int64_t untraced_from = 0;
    std::int64_t untraced_to = 0;
    std::string where;  ///< "in the sleeps behind lines", "at lines"
    std::string next;

    [[nodiscard]] std::int64_t traced() const { return traced_to - traced_from; }
    [[nodiscard]] std::int64_t untraced() const { return untraced_to - untraced_from; }
};

/// Accuses a program that grows by so much more where nobody traces it.
void expect_agreement(const Comparison& both, std::int64_t most) {
    if (both.untraced() - both.traced() <= most) {
        return;
    }
    grading::suspect_tampering({
        .expected = "the same behaviour, whether somebody watches or not",
        .observed = fmt::format(
            "from line {} to line {} it grows by {} when nobody traces it, and by {} under strace", both.from,
            both.to, kilobytes(both.untraced()), kilobytes(both.traced())),
        .evidence =
            fmt::format("memory of its own {} {} and {}:\n"
                        "left alone (/proc/PID/status, VmData): {}, {}\n"
                        "under strace (brk, mmap, munmap, mprotect): {}, {}",
                        both.where, both.from, both.to, kilobytes(both.untraced_from),
                        kilobytes(both.untraced_to), kilobytes(both.traced_from), kilobytes(both.traced_to)),
        .why =
            "Points are given for what strace saw. A program that behaves better when it is watched cannot "
            "be judged by that. A person has to look at this submission.",
        .next = both.next,
    });
}

/// The second witness: the first rounds of a run that nobody traces and nothing hastens.
void expect_same_first_rounds(const std::vector<std::int64_t>& traced) {
    const std::vector<std::int64_t>& untraced = unwatched.get().held;
    const std::size_t rounds = std::min(traced.size(), untraced.size());
    if (rounds < 2 || untraced[0] == 0 || untraced[rounds - 1] == 0) {
        return;
    }
    // Every block that strace did not see leaked lies beyond what an honest program can differ by.
    expect_agreement({.from = 1,
                      .to = rounds,
                      .traced_from = traced[0],
                      .traced_to = traced[rounds - 1],
                      .untraced_from = untraced[0],
                      .untraced_to = untraced[rounds - 1],
                      .where = "in the sleeps behind lines",
                      .next = build_and("free_loop", forever.command()) +
                              " & sleep 7; grep VmData /proc/$!/status; kill $!"},
                     static_cast<std::int64_t>(first_block_bytes) - mebibyte);
}

/// The third: many rounds that nobody traces, with short sleeps.
void expect_flat_without_a_tracer(const std::vector<std::int64_t>& traced) {
    const CountedRun& many = counted.get();
    const std::vector<std::int64_t> untraced = settled(many.held);
    const auto growth = many.growth();
    if (!growth) {
        return;
    }
    const std::size_t early = growth->from;
    const std::size_t to = growth->to;
    const std::string next =
        build_and("free_loop", forever.command()) + " & sleep 60; grep VmData /proc/$!/status; kill $!";
    if (traced.size() >= to) {
        expect_agreement({.from = early,
                          .to = to,
                          .traced_from = traced[early - 1],
                          .traced_to = traced[to - 1],
                          .untraced_from = untraced[early - 1],
                          .untraced_to = untraced[to - 1],
                          .where = "at lines",
                          .next = next},
                         3 * static_cast<std::int64_t>(second_block_bytes));
    }
    fail({.expected = fmt::format("at line {} no more memory than at line {}", to, early),
          .observed = fmt::format("left alone, it grows by {} bytes", grouped(growth->bytes)),
          .evidence = fmt::format("/proc/PID/status, VmData: {} at line {}, {} at line {}; then: {}",
                                  kilobytes(untraced[early - 1]), early, kilobytes(untraced[to - 1]), to,
                                  many.run.describe()),
          .next = next});
}

TEST(Free, StaysFlatOverManyRounds) {
    const EndlessRun& run = endless.get();
    const AddressSpace memory(run.recorded.calls);
    const std::vector<std::int64_t>& held = run.held;
    const std::size_t early = std::min(early_round, held.size() / 2);
    Card card{
        .expected =
            fmt::format("however many lines it has printed, no more memory than after {}", early_round),
        .next = command_with_strace() + "   # is there a munmap for every mmap, in every round?",
    };
    if (memory.most() < mebibyte) {
        card.expected = "a program that allocates two large blocks in every round";
        card.observed = fmt::format("it never held more than {} bytes of heap and mappings", memory.most());
        card.evidence = fmt::format("{} line(s) on stdout: {}", held.size(), shown(run.recorded.run.out, 2));
        fail_run(run.recorded.run, forever.doing("without end"), card);
    }
    if (const auto growth = growth_of(held, early)) {
        const std::vector<evidence::PacedLine> lines = run.recorded.paced_lines();
        const auto rounds = static_cast<std::int64_t>(growth->to - growth->from);
        card.observed =
            fmt::format("between line {} and line {} the memory that it holds grew by {} bytes: {} a line",
                        growth->from, growth->to, grouped(growth->bytes), grouped(growth->bytes / rounds));
        card.evidence =
            fmt::format("strace, what the kernel gave last before line {}:\n{}", growth->to,
                        run.recorded.calls[memory.last_gain_before(lines[growth->to - 1].call)].row);
        if (!run.went_on) {
            card.evidence +=
                fmt::format("\nit was allowed {} MiB in all, and ended after {} lines; stderr: {}",
                            most_data_bytes / mebibyte, held.size(), shown(run.recorded.run.err, 2));
        }
        fail(std::move(card));
    }
    if (const auto growth = growth_of(run.peaks, std::min(early_round, run.peaks.size() / 2))) {
        card.observed = fmt::format("the largest resident set grew by {} KiB", growth->bytes / 1024);
        card.evidence = fmt::format("/proc/PID/status, VmHWM: {} KiB at line {}, {} KiB at line {}",
                                    run.peaks[growth->from - 1] / 1024, growth->from,
                                    run.peaks[growth->to - 1] / 1024, growth->to);
        fail(std::move(card));
    }
    if (!run.went_on) {
        card.observed =
            fmt::format("it ended after {} line(s): {}", held.size(), run.recorded.run.describe());
        card.evidence = "stderr: " + shown(run.recorded.run.err, 3);
        fail_run(run.recorded.run, forever.doing("without end"), card);
    }

    expect_same_first_rounds(held_in_sleeps(run.recorded, memory));
    expect_flat_without_a_tracer(held);
}

}  // namespace
