#include "arena/vm/order.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>

namespace vmlab::arena {
namespace {

using namespace std::chrono_literals;

// In the guest, beside a group of the size that was asked for: of 128 MiB, programs get some 48.
constexpr std::uint64_t kernel_and_daemons = 96U << 20U;

// An emulated processor is slower than ours.
constexpr int guest_wall_factor = 2;

// The guest itself ends a program at its limit. Its host waits far longer, and then gives up on the guest.
constexpr int host_wall_factor = 2;

constexpr auto longest_hold = 60s;

// Log, samples, syslog; and for programs that write byte by byte, each an event.
constexpr std::uint64_t report_base = 64U << 20U;
constexpr std::uint64_t report_factor = 16;

wire::Program program_of(const Contestant& contestant) {
    const process::Job& job = contestant.job;
    const process::Limits& limits = job.limits;
    wire::Program program;
    program.argv = job.argv;
    program.environment = job.environment;
    // As in the sandbox.
    program.environment.emplace("PATH", "/usr/bin:/bin");
    program.environment.emplace("LC_ALL", "C");
    program.input = job.input;
    program.start_after_lines = contestant.start_after_lines;
    program.oom_score_adj = contestant.oom_score_adj;
    program.oom_score_adj_floor = job.oom_score_adj_floor;
    program.hold_at_exit_ms = static_cast<std::uint64_t>(
        std::clamp<std::chrono::milliseconds>(contestant.hold_at_exit, 0ms, longest_hold).count());
    program.wall_ms = static_cast<std::uint64_t>(limits.wall.count() * guest_wall_factor);
    program.output_bytes = limits.output_bytes;
    program.cpu_seconds = limits.cpu_seconds * guest_wall_factor;
    program.file_bytes = limits.file_bytes;
    program.processes = limits.processes;
    program.open_files = limits.open_files;
    program.address_space_bytes = limits.address_space_bytes;
    program.data_bytes = limits.data_bytes;
    program.stack_bytes = limits.stack_bytes;
    program.locked_bytes = limits.locked_bytes;
    program.huge_pages = job.start.huge_pages;
    program.memory_bytes = contestant.memory_bytes;
    program.swap_bytes = contestant.swap_bytes;
    if (contestant.dialogue) {
        program.dialogue.emplace();
        for (const Push& push : *contestant.dialogue) {
            program.dialogue->push_back({.reclaim = push.reclaim,
                                         .memory_bytes = push.memory_bytes,
                                         .spoiled_page = push.spoiled_page});
        }
    }
    return program;
}

// What the job shows, and what the sandbox shows every program anyway and the guest does not: the program
// itself, where it is one of the system's, and the shell.
void append_files(std::vector<std::filesystem::path>& files, const process::Job& job) {
    files.insert(files.end(), job.readable.begin(), job.readable.end());
    for (const std::string& program : {job.argv.front(), std::string("/bin/sh")}) {
        if (::access(program.c_str(), R_OK) == 0) {
            files.emplace_back(program);
        }
    }
}

process::Result<void> refuse_what_cannot_be(const process::Job& job) {
    if (!job.channels.empty() || job.stderr_as || !job.writable.empty()) {
        return process::machine_lacks("the VM arena runs programs alone, without instruments around them",
                                      "choose a cgroup arena for this run");
    }
    return {};
}

}  // namespace

process::Result<VmOrder> vm_order(const Request& request) {
    VmOrder made;
    made.report_bytes = report_base;
    for (const Contestant& contestant : request.contestants) {
        if (auto possible = refuse_what_cannot_be(contestant.job); !possible) {
            return tl::unexpected(possible.error());
        }
        made.order.programs.push_back(program_of(contestant));
        const wire::Program& program = made.order.programs.back();
        append_files(made.files, contestant.job);
        // A limit of 0 is no limit (process::Limits): then an hour.
        const auto wall = program.wall_ms == 0 ? 1h : std::chrono::milliseconds(program.wall_ms);
        made.wall += host_wall_factor * (wall + std::chrono::milliseconds(program.hold_at_exit_ms));
        made.report_bytes += report_factor * program.output_bytes;
    }
    made.machine_bytes = request.memory_bytes;
    if (request.scope == Scope::group) {
        made.order.group_bytes = request.memory_bytes;
        made.machine_bytes += kernel_and_daemons;
    }
    if (request.over_when_ended) {
        made.order.over_when_ended = static_cast<std::uint32_t>(*request.over_when_ended);
    }
    if (request.manual_kill) {
        made.order.manual_kill =
            wire::ManualKill{.program = static_cast<std::uint32_t>(request.manual_kill->contestant),
                             .after_lines = request.manual_kill->after_lines};
    }
    made.order.sample_ms =
        static_cast<std::uint64_t>(std::max<std::int64_t>(request.sample_interval.count(), 0));
    made.order.swap_bytes = request.swap_bytes;
    made.order.unix_ms = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                                        std::chrono::system_clock::now().time_since_epoch())
                                                        .count());
    return made;
}

}  // namespace vmlab::arena
