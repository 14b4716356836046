#pragma once

// How free_loop is run for evidence, each run made once and shared by the checks that need it, and what
// several checks say of a run.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "address_space.hpp"
#include "endless_run.hpp"
#include "rounds.hpp"
#include "vmlab/grading/grader.hpp"

namespace free_loop {

using namespace vmlab;
using evidence::MemcheckRun;
using evidence::SyscallRun;
using grading::Card;
using grading::excerpt;
using grading::fail;
using grading::Lab;
using grading::lab;
using grading::Shared;

constexpr std::size_t rounds_under_memcheck = 3;
constexpr std::size_t rounds_under_strace = 4;
constexpr std::size_t rounds_of_the_original = 6;
constexpr std::size_t early_round = 10;
constexpr std::size_t late_round = 100;
constexpr std::size_t enough_rounds_for_forever = 10;
constexpr std::size_t rounds_without_a_tracer = 50;
constexpr std::int64_t mebibyte = 1 << 20;
constexpr std::uint64_t most_bytes_that_come_and_go = 200 * mebibyte;  // three rounds' blocks
constexpr std::uint64_t most_data_bytes = 768 * mebibyte;              // 19 rounds of the starter
constexpr std::uint64_t most_output_bytes = 64 << 10;  // some 2,000 lines: a program that never ends

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

inline SyscallRun record(Lab& lab, const std::string& argument) {
    evidence::SyscallOptions options;
    options.arguments = {argument};
    options.limits.output_bytes = most_output_bytes;
    return lab.syscalls(lab.program("free_loop"), options);
}

inline MemcheckRun watch(Lab& lab) {
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
inline Shared<UnwatchedRun> unwatched{
    [](Lab& lab) { return run_unwatched(lab, lab.program("free_loop"), most_data_bytes); }};
inline Shared<ManyRounds> untraced{[](Lab& lab) {
    return run_many_rounds(lab, lab.program("free_loop"), rounds_without_a_tracer, most_data_bytes);
}};
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

inline Shared<MemcheckRun> watched{watch};
inline Shared<SyscallRun> recorded{[](Lab& lab) { return record(lab, std::to_string(rounds_under_strace)); }};
inline Shared<EndlessRun> endless{[](Lab& lab) {
    return run_endlessly(lab, lab.program("free_loop"), {}, early_round, late_round, most_data_bytes);
}};
inline Shared<EndlessRun> zero_rounds{[](Lab& lab) {
    return run_endlessly(lab, lab.program("free_loop"), {"0"}, 1, enough_rounds_for_forever, most_data_bytes);
}};
inline EndlessRun run_misused(Lab& lab, std::vector<std::string> arguments) {
    return run_endlessly(lab, lab.program("free_loop"), std::move(arguments), 1, 1, most_data_bytes);
}
inline Shared<EndlessRun> no_number{[](Lab& lab) { return run_misused(lab, {"ten"}); }};
inline Shared<EndlessRun> half_a_number{[](Lab& lab) { return run_misused(lab, {"3x"}); }};
inline Shared<EndlessRun> empty_argument{[](Lab& lab) { return run_misused(lab, {""}); }};
inline Shared<EndlessRun> two_numbers{[](Lab& lab) { return run_misused(lab, {"1", "1"}); }};
inline Shared<process::Run> first_malloc_fails{
    [](Lab& lab) { return run_one_round_without_memory(lab, lab.program("free_loop"), 0); }};
inline Shared<process::Run> only_the_first_malloc_fails{
    [](Lab& lab) { return run_one_round_without_memory(lab, lab.program("free_loop"), 0, 1); }};
inline Shared<process::Run> second_malloc_fails{
    [](Lab& lab) { return run_one_round_without_memory(lab, lab.program("free_loop"), 1); }};

inline const std::string build = "g++ -std=c++20 -g -O0 -Wall -Wextra free_loop.cpp -lfmt -o free_loop";
inline const std::string look_with_valgrind = build + " && valgrind --leak-check=full ./free_loop 3";
inline const std::string trace_with_valgrind =
    build + " && valgrind -q --trace-malloc=yes ./free_loop 3 2>&1 | grep -v 'free(0x0)'";
inline const std::string look_with_strace =
    build +
    " && strace -e trace=brk,mmap,munmap,write,clock_nanosleep -e inject=clock_nanosleep:retval=0 "
    "./free_loop 5";

/// 20000000 as "20,000,000", the way Memcheck writes it.
template <class Number>
inline std::string grouped(Number number) {
    std::string digits = std::to_string(number);
    for (std::size_t end = digits.size(); end > 3; end -= 3) {
        digits.insert(end - 3, ",");
    }
    return digits;
}

/// Fails the check; but a program that crashed or crossed a limit hears of that first. One that we stopped
/// because we had seen enough did nothing wrong by running.
[[noreturn]] inline void fail_run(const process::Run& run, const std::string& doing, Card card) {
    if (run.ending != process::Ending::stopped) {
        grading::expect_exit(run, doing);
    }
    fail(std::move(card));
}

}  // namespace free_loop
