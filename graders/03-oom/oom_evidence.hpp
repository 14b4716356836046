#pragma once

// How the student's oom is run for evidence: each run is an Experiment, made once and shared by the checks
// that need it. And the questions that several checks ask of these runs.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "oom_output.hpp"
#include "vmlab/grading/draw.hpp"
#include "vmlab/grading/experiment.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/output.hpp"

namespace oom_evidence {

using namespace vmlab;
using namespace vmlab::grading;

using Arguments = std::vector<std::string>;

constexpr std::uint64_t mebibyte = 1U << 20U;
constexpr std::uint64_t gibibyte = 1U << 30U;

inline Experiment oom(Arguments arguments) {
    return {.program = "oom", .arguments = std::move(arguments)};
}

/// With so much address space and no more: malloc returns NULL beyond it.
inline Experiment in_space(std::uint64_t bytes, Experiment experiment) {
    experiment.limits.address_space_bytes = bytes;
    return experiment;
}

inline arena::Outcome in_arena(Lab& lab, const Program& program, std::uint64_t memory,
                               const Experiment& experiment) {
    arena::Request request;
    request.memory_bytes = memory;
    process::Job job = lab.job(program, experiment.arguments);
    job.limits = experiment.limits;
    request.contestants.push_back({.job = std::move(job)});
    return lab.arena(request);
}

/// The submitted oom in an arena.
inline arena::Outcome in_arena(Lab& lab, std::uint64_t memory, const Experiment& experiment) {
    return in_arena(lab, lab.program("oom"), memory, experiment);
}

/// What a student types to see a run in an arena live.
inline std::string in_the_lab(const Experiment& experiment, std::uint64_t memory) {
    return fmt::format("../../scripts/lab run 3 --memory {} -- {}", memory / mebibyte,
                       fmt::join(experiment.arguments, " "));
}

inline std::string build_and_run(const Experiment& experiment) {
    return build_and("oom", experiment.command());
}

/// A line after every second block, and a limit that is no multiple of the chunk.
constexpr std::uint64_t odd_chunk = 700'001;
constexpr std::uint64_t odd_limit = 6'000'000;
inline const Experiment odd = oom({"--chunk", "700001", "--limit", "6000000", "--no-touch", "--pause", "0"});
inline const Experiment usual_pause = oom({"--limit", "4194304", "--no-touch"});
inline const Experiment other_pause =
    oom({"--chunk", "300000", "--limit", "9600000", "--no-touch", "--pause", "7"});
inline const Experiment one_real_second = oom({"--limit", "2097152", "--no-touch", "--pause", "1"});
inline const Experiment little_space =
    in_space(128 * mebibyte, oom({"--limit", "1073741824", "--pause", "0"}));
inline const Experiment untouched_gigabyte = oom({"--no-touch", "--limit", "1073741824", "--pause", "0"});
inline const Experiment touched_gigabyte = oom({"--touch", "--limit", "1073741824", "--pause", "0"});
inline const Experiment gigabyte_block =
    oom({"--no-touch", "--chunk", "1073741824", "--limit", "2147483648", "--pause", "600"});

inline Shared<evidence::MemcheckRun> traced{[](Lab& lab) { return odd.memcheck(lab); }};
inline Shared<evidence::SyscallRun> paced_by_default{[](Lab& lab) { return usual_pause.syscalls(lab); }};
inline Shared<evidence::SyscallRun> paced_otherwise{[](Lab& lab) { return other_pause.syscalls(lab); }};
inline Shared<evidence::SyscallRun> with_little_address_space{[](Lab& lab) {
    evidence::SyscallOptions options;
    options.data_bytes = 1024;  // a program may fill its blocks by read(2)
    return little_space.syscalls(lab, options);
}};
inline Shared<arena::Outcome> untouched{
    [](Lab& lab) { return in_arena(lab, 64 * mebibyte, untouched_gigabyte); }};
inline Shared<arena::Outcome> touched{
    [](Lab& lab) { return in_arena(lab, 64 * mebibyte, touched_gigabyte); }};

/// Nobody traces these. One does what Valgrind saw once more. One has no limit, but its address space has,
/// another one each time. One really sleeps, once between its two lines; the last is looked at from outside
/// in its sleep.
inline Shared<process::Run> traced_by_nobody{[](Lab& lab) { return odd.native(lab); }};

struct Untraced {
    Experiment experiment;
    process::Run run;
};
inline Shared<Untraced> with_little_space_untraced{[](Lab& lab) {
    Untraced little{.experiment = in_space(drawn(1100, 1500) * mebibyte, oom({"--no-touch", "--pause", "0"})),
                    .run = {}};
    little.run = little.experiment.native(lab);
    return little;
}};
inline Shared<grading::TimedRun> untraced{[](Lab& lab) { return one_real_second.timed(lab); }};

/// The first line has come: a program that keeps to its --pause 600 sleeps now. One that does not flush its
/// lines has until the end of the limit.
inline Asleep asleep_after_a_line(Lab& lab, Experiment experiment, NativeOptions how = {}) {
    experiment.limits.wall = std::chrono::seconds(10);
    return experiment.asleep(
        lab, [](std::string_view out) { return out.find('\n') != std::string_view::npos; }, std::move(how));
}
inline Shared<Asleep> untraced_gigabyte{[](Lab& lab) { return asleep_after_a_line(lab, gigabyte_block); }};

/// The program's own blocks in the trace: those of one chunk, and a last one that was cut to fit the limit.
inline std::vector<evidence::Block> chunks_of(const evidence::MemcheckRun& run) {
    std::vector<evidence::Block> blocks = run.trace.blocks();
    std::erase_if(blocks, [](const evidence::Block& block) {
        return block.size != odd_chunk && block.size != odd_limit % odd_chunk;
    });
    return blocks;
}

/// The lines that the contract asks for when these blocks are allocated.
inline std::vector<oom_output::Progress> lines_due(const std::vector<evidence::Block>& blocks) {
    std::vector<oom_output::Progress> lines;
    std::uint64_t total = 0;
    std::uint64_t printed = 0;
    for (const evidence::Block& block : blocks) {
        total += block.size;
        if (total - printed >= mebibyte) {
            lines.push_back({block.address, total});
            printed = total;
        }
    }
    return lines;
}

}  // namespace oom_evidence
