#include "grading/lab/cut_off.hpp"

#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string_view>

namespace vmlab::grading {

namespace {

constexpr std::string_view killed_sign = "Killed signal terminated program";

constexpr std::string_view memory_signs[] = {"virtual memory exhausted", "out of memory",
                                             "Cannot allocate memory", "memory exhausted", "bad_alloc"};

constexpr std::string_view other_signs[] = {
    "No space left on device",   "Disk quota exceeded", "Text file busy", "Resource temporarily unavailable",
    "Input/output error",        "Too many open files", "Bus error",      "internal compiler error",
    "signal terminated program", "Stale file handle",   "No such process"};

template <class Signs>
bool says_any(const process::Run& run, const Signs& signs) {
    return std::any_of(std::begin(signs), std::end(signs), [&](std::string_view sign) {
        return run.err.find(sign) != std::string::npos || run.out.find(sign) != std::string::npos;
    });
}

bool was_killed(const process::Run& run) {
    return run.ending == process::Ending::lost || run.status.killed_by(SIGKILL) ||
           run.err.find(killed_sign) != std::string::npos;
}

/// The kernel kills what has used its processor time, with the same signal as what it needs the memory of.
bool used_its_time(const process::Run& run, const process::Limits& limits) {
    return limits.cpu_seconds != 0 &&
           run.processor_time + std::chrono::seconds(1) >= std::chrono::seconds(limits.cpu_seconds);
}

bool used_its_memory(const process::Run& run, const process::Limits& limits) {
    return limits.memory_bytes != 0 && run.most_resident_bytes >= limits.memory_bytes / 8 * 7;
}

/// Whether this machine would give a process all the address space that it may have. Nothing of it is
/// touched.
bool grants_address_space(const process::Limits& limits) {
    for (const auto resource : {RLIMIT_AS, RLIMIT_DATA}) {
        struct rlimit outer = {};
        const std::uint64_t ours = resource == RLIMIT_AS ? limits.address_space_bytes : limits.data_bytes;
        if (getrlimit(resource, &outer) == 0 && outer.rlim_max < ours) {
            return false;
        }
    }
    void* const space =
        mmap(nullptr, limits.address_space_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (space == MAP_FAILED) {
        return false;
    }
    munmap(space, limits.address_space_bytes);
    return true;
}

tl::unexpected<process::Error> lacks_memory(const std::string& what) {
    return process::machine_lacks(
        what,
        "Give this machine or container more memory (1 GiB is enough to compile) or lift its limit (ulimit "
        "-v, docker run --memory), then grade again. What the kernel killed: sudo dmesg | grep -i oom");
}

}  // namespace

bool was_cut_off(const process::Run& run, const process::Limits& limits) {
    if (run.succeeded() || used_its_time(run, limits) || used_its_memory(run, limits) ||
        run.ending == process::Ending::output_limit || run.ending == process::Ending::timed_out) {
        return false;
    }
    return run.ending != process::Ending::finished || !run.status.code || says_any(run, memory_signs) ||
           says_any(run, other_signs) || was_killed(run);
}

process::Result<void> require_own_limit(const process::Run& run, const process::Limits& limits) {
    if (used_its_time(run, limits) || used_its_memory(run, limits)) {
        return {};
    }
    if (was_killed(run)) {
        return lacks_memory(
            fmt::format("g++ was killed twice, the second time while nothing else was graded, with {} MiB of "
                        "memory in use: the lab lets it have {} MiB, this machine does not",
                        run.most_resident_bytes >> 20U, limits.memory_bytes >> 20U));
    }
    if (says_any(run, memory_signs) && !grants_address_space(limits)) {
        return lacks_memory(
            fmt::format("g++ got no more memory: the lab lets it have {} MiB, this machine does not",
                        limits.address_space_bytes >> 20U));
    }
    return {};
}

}  // namespace vmlab::grading
