#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>

#include "evidence/instruments.hpp"
#include "evidence/text.hpp"
#include "vmlab/evidence/syscalls.hpp"

namespace vmlab::evidence {
namespace {

/// "?" passes over a call that this architecture does not have. Not getpid and gettid: a program may ask a
/// million times, and the log tells what they would.
constexpr const char* traced =
    "trace=?brk,?mmap,?munmap,?mremap,?mprotect,?madvise,?nanosleep,?clock_nanosleep,?select,?pselect6,"
    "?poll,?ppoll,?epoll_wait,?epoll_pwait,?epoll_pwait2,?futex,?rt_sigtimedwait,?open,?openat,?openat2,?creat,?close,?read,?readv,?pread64,?preadv,?preadv2,?write,?writev,?pwrite64,?pwritev,?pwritev2,"
    "?dup,?dup2,?dup3,?execve,?execveat,?fork,?vfork,?clone,?clone3,?kill,?tkill,?tgkill,"
    "?exit,?exit_group";

std::chrono::nanoseconds read_clock(clockid_t clock) {
    timespec now{};
    (void)clock_gettime(clock, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

ClocksAhead clocks_ahead() {
    const auto ahead = [](clockid_t clock) { return read_clock(clock) - read_clock(CLOCK_REALTIME); };
    return {{"CLOCK_MONOTONIC", ahead(CLOCK_MONOTONIC)},
            {"CLOCK_BOOTTIME", ahead(CLOCK_BOOTTIME)},
            {"CLOCK_TAI", ahead(CLOCK_TAI)}};
}

/// strace's own complaint that it may not trace; empty when there is none.
std::string complaint_about_ptrace(std::string_view log) {
    while (const auto line = next_line(log)) {
        const bool its_own =
            line->starts_with("strace: ") || line->find("/strace: ") != std::string_view::npos;
        const bool about_ptrace =
            line->find("ptrace") != std::string_view::npos || line->find("PTRACE") != std::string_view::npos;
        if (its_own && about_ptrace) {
            return std::string(*line);
        }
    }
    return {};
}

}  // namespace

process::Result<SyscallRun> run_syscalls(const process::Sandbox& sandbox,
                                         const std::filesystem::path& program,
                                         const SyscallOptions& options) {
    const auto strace = find_strace();
    if (!strace) {
        return tl::unexpected(strace.error());
    }

    process::Job job;
    job.argv = {strace->string(), "-f", "-q",  "-y", "-ttt", "-s", std::to_string(options.data_bytes),
                "--seccomp-bpf",  "-e", traced};
    if (options.fast_forward_sleeps) {
        std::ranges::copy(fast_forward_options(), std::back_inserter(job.argv));
    }
    // Not through the job: a preloaded allocator is for the program, not for strace.
    for (const auto& [name, value] : options.environment) {
        std::ranges::copy(std::vector<std::string>{"-E", fmt::format("{}={}", name, value)},
                          std::back_inserter(job.argv));
    }
    job.argv.emplace_back(inner_launcher);
    job.argv.push_back(program.string());
    std::ranges::copy(options.arguments, std::back_inserter(job.argv));
    job.channels = {2};
    job.stderr_as = program_stderr;
    job.readable = options.readable;
    job.readable.push_back(program);
    job.limits = options.limits;
    job.limits.channel_bytes = std::min(job.limits.channel_bytes, most_channel_bytes);
    job.start = options.start;
    job.on_pause = options.on_pause;
    job.on_started = options.on_started;
    job.on_output = options.on_output;
    job.stop = options.stop;

    const ClocksAhead clocks = clocks_ahead();
    auto run = sandbox.run(job);
    if (!run) {
        return tl::unexpected(run.error());
    }
    const std::string& log = run->channels[2];
    SyscallRun made;
    static_cast<SyscallLog&>(made) = parse_strace(log, program.string(), clocks);
    if (made.calls.empty() && !made.complete) {
        if (const std::string complaint = complaint_about_ptrace(log); !complaint.empty()) {
            return process::machine_lacks(fmt::format("strace may not trace here: {}", complaint),
                                          "in a container: start it with --cap-add=SYS_PTRACE; else: sudo "
                                          "sysctl kernel.yama.ptrace_scope=0");
        }
    }
    made.first_pid = run->inner_pid;
    // A program without threads and children has no pid in strace's rows.
    for (SystemCall& call : made.calls) {
        if (call.pid == 0) {
            call.pid = run->inner_pid;
        }
    }
    made.run = std::move(*run);
    return made;
}

}  // namespace vmlab::evidence
