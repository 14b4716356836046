#pragma once

// What is gathered about the student's oom: one run under Valgrind, three under strace, two in arenas, each
// made once and shared by the checks that need it. And the questions that several checks ask of them.

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "unwatched.hpp"
#include "vmlab/grading/grader.hpp"

namespace oom_evidence {

using namespace vmlab;
using namespace vmlab::grading;

using Arguments = std::vector<std::string>;

/// What a card's next command begins with: it works as it stands in the activity's folder.
inline const std::string build_oom = "g++ -std=c++20 -g -O0 -Wall -Wextra oom.cpp -lfmt -o oom && ";

constexpr std::uint64_t mebibyte = 1U << 20U;
constexpr std::uint64_t gibibyte = 1U << 30U;

/// Options of any instrument, with these arguments for the program.
template <class Options>
Options with(Arguments arguments) {
    Options options;
    options.arguments = std::move(arguments);
    return options;
}

inline arena::Outcome in_arena(Lab& lab, const Program& program, std::uint64_t memory, Arguments arguments,
                               std::uint64_t data_bytes = process::Limits().data_bytes) {
    arguments.insert(arguments.end(), {"--pause", "0"});
    arena::Request request;
    request.memory_bytes = memory;
    process::Job job = lab.job(program, std::move(arguments));
    job.limits.data_bytes = data_bytes;
    request.contestants.push_back({.job = std::move(job)});
    return lab.arena(request);
}

constexpr std::uint64_t odd_chunk = 700'001;  // a line after every second block
constexpr std::uint64_t odd_limit = 6'000'000;
inline const Arguments odd_arguments{"--chunk", "700001", "--limit", "6000000", "--no-touch", "--pause", "0"};
inline const std::string odd_command = "./oom --chunk 700001 --limit 6000000 --no-touch --pause 0";
inline const Arguments untouched_gigabyte{"--no-touch", "--limit", "1073741824"};

inline Shared<evidence::MemcheckRun> traced{[](Lab& lab) {
    return lab.memcheck(lab.program("oom"), with<evidence::MemcheckOptions>(odd_arguments));
}};
inline Shared<evidence::SyscallRun> paced_by_default{[](Lab& lab) {
    return lab.syscalls(lab.program("oom"),
                        with<evidence::SyscallOptions>({"--limit", "4194304", "--no-touch"}));
}};
inline Shared<evidence::SyscallRun> paced_otherwise{[](Lab& lab) {
    return lab.syscalls(lab.program("oom"),
                        with<evidence::SyscallOptions>(
                            {"--chunk", "300000", "--limit", "4800000", "--no-touch", "--pause", "7"}));
}};
inline Shared<evidence::SyscallRun> with_little_address_space{[](Lab& lab) {
    auto options = with<evidence::SyscallOptions>({"--limit", "1073741824", "--pause", "0"});
    options.limits.address_space_bytes = 128 * mebibyte;
    return lab.syscalls(lab.program("oom"), options);
}};
inline Shared<arena::Outcome> untouched{
    [](Lab& lab) { return in_arena(lab, lab.program("oom"), 64 * mebibyte, untouched_gigabyte); }};
inline Shared<arena::Outcome> touched{[](Lab& lab) {
    return in_arena(lab, lab.program("oom"), 64 * mebibyte, {"--touch", "--limit", "1073741824"});
}};

/// Nobody traces these four. One does what Valgrind saw once more. One has little address space. One really
/// sleeps, once between its two lines; the last is looked at from outside in its sleep.
inline Shared<process::Run> traced_by_nobody{
    [](Lab& lab) { return lab.native(lab.program("oom"), with<NativeOptions>(odd_arguments)); }};

struct LittleSpace {
    std::uint64_t address_space = 0;  ///< in bytes; another number each time
    process::Run run;
};
inline Shared<LittleSpace> with_little_space_untraced{[](Lab& lab) {
    std::random_device draw;
    LittleSpace little{.address_space = (96 + draw() % 128) * mebibyte, .run = {}};
    auto options = with<NativeOptions>({"--limit", "1073741824", "--no-touch", "--pause", "0"});
    options.limits.address_space_bytes = little.address_space;
    little.run = lab.native(lab.program("oom"), options);
    return little;
}};

inline Shared<process::Run> untraced{[](Lab& lab) {
    return lab.native(lab.program("oom"),
                      with<NativeOptions>({"--limit", "2097152", "--no-touch", "--pause", "1"}));
}};
inline const Arguments gigabyte_block{"--no-touch", "--chunk", "1073741824", "--limit",
                                      "2147483648", "--pause", "600"};
inline Shared<Unwatched> untraced_gigabyte{
    [](Lab& lab) { return look_when_asleep(lab, lab.program("oom"), gigabyte_block); }};

/// The program's own blocks in the trace: those of one chunk, and a last one that was cut to fit the limit.
inline std::vector<evidence::Block> chunks_of(const evidence::MemcheckRun& run) {
    std::vector<evidence::Block> blocks = run.trace.blocks();
    std::erase_if(blocks, [](const evidence::Block& block) {
        return block.size != odd_chunk && block.size != odd_limit % odd_chunk;
    });
    return blocks;
}

/// The lines that the contract asks for when these blocks are allocated.
inline std::vector<std::string> lines_due(const std::vector<evidence::Block>& blocks) {
    std::vector<std::string> lines;
    std::uint64_t total = 0;
    std::uint64_t printed = 0;
    for (const evidence::Block& block : blocks) {
        total += block.size;
        if (total - printed >= mebibyte) {
            lines.push_back(fmt::format("{:#x} {}", block.address, total));
            printed = total;
        }
    }
    return lines;
}

/// Address space that a program asked the kernel for and did not give back.
inline std::int64_t address_space_grown(const evidence::SyscallRun& run) {
    std::int64_t grown = 0;
    std::optional<std::int64_t> program_break;
    for (const evidence::SystemCall& call : run.calls) {
        if (call.failed() || !call.result) {
            continue;
        }
        if (call.name == "brk") {
            grown += *call.result - program_break.value_or(*call.result);
            program_break = call.result;
        } else if (call.name == "mmap" && call.arguments.size() > 3 &&
                   call.arguments[3].find("MAP_ANONYMOUS") != std::string::npos) {
            grown += std::stoll(call.arguments[1]);
        } else if (call.name == "munmap" && call.arguments.size() > 1) {
            grown -= std::stoll(call.arguments[1]);
        }
    }
    return grown;
}

}  // namespace oom_evidence
