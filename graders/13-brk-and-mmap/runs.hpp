#pragma once

// How alloc_size and threshold are run for evidence, each run made once and shared by the checks that need
// it.

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "rounds.hpp"
#include "vmlab/evidence/address_space.hpp"
#include "vmlab/grading/draw.hpp"
#include "vmlab/grading/experiment.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/output.hpp"

namespace alloc_size {

using namespace vmlab;
using evidence::MemcheckRun;
using evidence::SyscallRun;
using grading::build_and;
using grading::Card;
using grading::drawn;
using grading::Experiment;
using grading::fail;
using grading::fail_run;
using grading::grouped;
using grading::Lab;
using grading::lab;
using grading::Shared;
using grading::shown;

constexpr std::uint64_t kibibyte = 1024;
constexpr std::uint64_t mebibyte = 1024 * kibibyte;

/// alloc_size SIZE COUNT ROUNDS.
struct Blocks {
    std::uint64_t size = 0;
    std::size_t count = 0;
    std::size_t rounds = 1;

    [[nodiscard]] Experiment experiment() const {
        Experiment run{.program = "alloc_size", .arguments = {std::to_string(size), std::to_string(count)}};
        if (rounds > 1) {
            run.arguments.push_back(std::to_string(rounds));
        }
        run.limits.data_bytes = 512 * mebibyte;
        return run;
    }
};

/// The same under strace: what it printed, and how its address space changed meanwhile.
struct Watched {
    Blocks blocks;
    Experiment experiment;
    SyscallRun run;
    Rounds lines;
    evidence::AddressSpace space;
};

inline Watched watch(Lab& lab, const Blocks& blocks) {
    const Experiment experiment = blocks.experiment();
    SyscallRun run = experiment.syscalls(lab);
    Rounds lines = rounds_of(run.paced_lines(), blocks.count, blocks.rounds);
    evidence::AddressSpace space(run.calls);
    return {blocks, experiment, std::move(run), std::move(lines), std::move(space)};
}

/// Blocks of more than the limit, each a mapping of its own in the first round.
inline Shared<Watched> mapped{
    [](Lab& lab) { return watch(lab, {.size = drawn(140'000, 900'000), .count = drawn(6, 12)}); }};
/// Blocks of less, from the heap; and blocks that are mappings in the first round only.
inline Shared<Watched> small_rounds{
    [](Lab& lab) { return watch(lab, {.size = 32 * kibibyte, .count = 100, .rounds = 5}); }};
inline Shared<Watched> large_rounds{
    [](Lab& lab) { return watch(lab, {.size = 256 * kibibyte, .count = 20, .rounds = 5}); }};

/// Under Memcheck, and with every block counted without it.
inline const Blocks counted_blocks{.size = drawn(601, 60'000) | 1U, .count = drawn(5, 9), .rounds = 3};
inline Shared<MemcheckRun> in_memcheck{[](Lab& lab) { return counted_blocks.experiment().memcheck(lab); }};
inline Shared<grading::CountedRun> counted{[](Lab& lab) { return counted_blocks.experiment().counted(lab); }};

/// For a card: the program below strace.
inline std::string under_strace(const Experiment& experiment) {
    return build_and("alloc_size", experiment.under("strace -e trace=brk,mmap,munmap,write"));
}

}  // namespace alloc_size
