#pragma once

// How free_loop is run for evidence, each run made once and shared by the checks that need it.

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "endless_run.hpp"
#include "untraced_run.hpp"
#include "vmlab/grading/draw.hpp"
#include "vmlab/grading/experiment.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/output.hpp"

namespace free_loop {

using namespace vmlab;
using evidence::MemcheckRun;
using evidence::SyscallRun;
using grading::build_and;
using grading::Card;
using grading::drawn;
using grading::excerpt;
using grading::Experiment;
using grading::fail;
using grading::fail_run;
using grading::grouped;
using grading::Lab;
using grading::lab;
using grading::Shared;
using grading::shown;

constexpr std::size_t rounds_under_memcheck = 3;
constexpr std::size_t rounds_of_the_original = 6;
constexpr std::int64_t most_data_bytes = 768 * mebibyte;  // 19 rounds of the starter
constexpr std::uint64_t most_output_bytes = 64 << 10;     // some 2,000 lines: a program that never ends
constexpr std::uint64_t some_output_bytes = 4 << 10;      // some 60 lines

/// free_loop with these arguments, and not too much memory for a program that leaks.
inline Experiment with(std::vector<std::string> arguments) {
    Experiment experiment{.program = "free_loop", .arguments = std::move(arguments)};
    experiment.limits.data_bytes = most_data_bytes;
    experiment.limits.output_bytes = most_output_bytes;
    experiment.limits.wall =
        std::chrono::minutes(2);  // for programs that write all of their 60 MB each round
    return experiment;
}

inline Experiment with_rounds(std::size_t rounds) {
    return with({std::to_string(rounds)});
}

inline const Experiment three_rounds = with_rounds(rounds_under_memcheck);
inline const Experiment some_rounds = with_rounds(drawn(4, 8));
inline const Experiment forever = with({});
inline const Experiment forever_by_zero = with({"0"});

/// Commands for a card.
inline const std::string valgrind = "valgrind --leak-check=full";
inline const std::string strace =
    "strace -e trace=brk,mmap,munmap,write,clock_nanosleep -e inject=clock_nanosleep:retval=0";

inline std::string command_with_valgrind() {
    return build_and("free_loop", three_rounds.under(valgrind));
}

inline std::string command_with_trace() {
    return build_and("free_loop",
                     three_rounds.under("valgrind -q --trace-malloc=yes") + " 2>&1 | grep -v 'free(0x0)'");
}

inline std::string command_with_strace() {
    return build_and("free_loop", some_rounds.under(strace));
}

inline SyscallRun record_trusted(Lab& lab, const grading::Program& program, const std::string& argument) {
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

inline MemcheckRun watch(Lab& lab, const Experiment& experiment) {
    evidence::MemcheckOptions options;
    options.fast_forward_sleeps = true;
    return experiment.memcheck(lab, options);
}

/// The same, of a program that goes on forever: until it has written so many bytes, or has had its time.
inline MemcheckRun watch_a_while(Lab& lab, Experiment experiment, std::uint64_t output_bytes) {
    experiment.limits.output_bytes = output_bytes;
    experiment.limits.wall = std::chrono::seconds(20);
    return watch(lab, experiment);
}

// First, because it really sleeps.
inline Shared<UnwatchedRun> unwatched{[](Lab& lab) { return run_unwatched(lab, forever, drawn(3, 4)); }};

// A student works in activities/05-free/free_loop.cpp itself: the program as it was given out is kept here
// too.
inline Shared<SyscallRun> starter{[](Lab& lab) {
    return record_trusted(lab, lab.starter("free_loop"), std::to_string(rounds_of_the_original));
}};
inline Shared<SyscallRun> reference{[](Lab& lab) {
    return record_trusted(lab, lab.reference("free_loop"), std::to_string(rounds_of_the_original));
}};
inline Shared<SyscallRun> freed_20_million_bytes{
    [](Lab& lab) { return record_trusted(lab, lab.probe("probes/free_one_block.cpp"), "20000000"); }};
inline Shared<SyscallRun> freed_20_bytes{
    [](Lab& lab) { return record_trusted(lab, lab.probe("probes/free_one_block.cpp"), "20"); }};

inline Shared<EndlessRun> endless{[](Lab& lab) {
    return run_endlessly(lab, forever, {.untouched = drawn(150, 400), .touched = drawn(50, 90)});
}};
inline Shared<EndlessRun> zero_rounds{[](Lab& lab) {
    const std::size_t lines = drawn(40, 60);
    return run_endlessly(lab, forever_by_zero, {.untouched = lines, .touched = lines});
}};
inline Shared<CountedRun> counted{[](Lab& lab) {
    const std::vector<std::int64_t>& peaks = endless.get().peaks;
    const Lines wanted{.untouched = drawn(100, 220), .touched = drawn(40, 80)};
    const std::size_t rounds = wanted.enough(peaks.empty() ? 0 : peaks.back());
    return run_counted(lab, with_rounds(rounds), rounds);
}};
inline Shared<SyscallRun> recorded{[](Lab& lab) { return some_rounds.syscalls(lab); }};

// Every way to run it, once under Memcheck.
inline Shared<MemcheckRun> watched{[](Lab& lab) { return watch(lab, three_rounds); }};
inline Shared<MemcheckRun> watched_forever{
    [](Lab& lab) { return watch_a_while(lab, forever, 28 * drawn(8, 40)); }};
inline Shared<MemcheckRun> watched_zero{[](Lab& lab) { return watch_a_while(lab, forever_by_zero, 100); }};

/// A usage that the program has to refuse.
struct Misuse {
    Experiment experiment;
    Shared<MemcheckRun> run;

    explicit Misuse(std::vector<std::string> arguments)
        : experiment(with(std::move(arguments))),
          run([this](Lab& lab) { return watch_a_while(lab, experiment, some_output_bytes); }) {}
};
inline Misuse no_number{{"ten"}};
inline Misuse half_a_number{{"3x"}};
inline Misuse empty_argument{{""}};
inline Misuse negative_number{{"-1"}};
inline Misuse two_numbers{{"1", "1"}};

/// What the program may refuse, or take for what it says.
inline Misuse with_a_sign{{"+3"}};
inline Misuse with_a_blank{{" 3"}};
inline const Experiment beyond_64_bits = with({"99999999999999999999"});
inline Shared<EndlessRun> as_many_as_there_are{
    [](Lab& lab) { return run_endlessly(lab, beyond_64_bits, {.untouched = 3, .touched = 3}); }};

/// What malloc does not give, and to whom.
struct Shortage {
    Experiment experiment;
    std::size_t rounds = 0;
    int calls_that_work = 0;
    process::Run run;
};
inline Shared<Shortage> first_malloc_fails{[](Lab& lab) {
    const Experiment one_round = with_rounds(1);
    return Shortage{one_round, 1, 0, run_without_memory(lab, one_round, 0)};
}};
inline Shared<Shortage> only_the_first_malloc_fails{[](Lab& lab) {
    const Experiment one_round = with_rounds(1);
    return Shortage{one_round, 1, 0, run_without_memory(lab, one_round, 0, 1)};
}};
inline Shared<Shortage> second_malloc_fails{[](Lab& lab) {
    const Experiment one_round = with_rounds(1);
    return Shortage{one_round, 1, 1, run_without_memory(lab, one_round, 1)};
}};
inline Shared<Shortage> later_malloc_fails{[](Lab& lab) {
    constexpr std::size_t rounds = 5;
    const Experiment five_rounds = with_rounds(rounds);
    const int calls_that_work = static_cast<int>(drawn(2, 7));
    return Shortage{five_rounds, rounds, calls_that_work,
                    run_without_memory(lab, five_rounds, calls_that_work)};
}};

}  // namespace free_loop
