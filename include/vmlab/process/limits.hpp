#pragma once

#include <chrono>
#include <cstdint>

namespace vmlab::process {

/// What one run may use. The time that the rest of the machine keeps a run from the processors does not count
/// as its wall time. Zero means no limit of that kind. Crossing wall or output ends the run (see Ending);
/// crossing the others is felt by the program itself (setrlimit(2)).
struct Limits {
    std::chrono::milliseconds wall{30'000};
    std::chrono::milliseconds first_output{0};  ///< until something has come on stdout; crossed as wall is
    std::uint64_t output_bytes = 4U << 20U;     ///< stdout and stderr together
    std::uint64_t channel_bytes = 256U << 20U;  ///< what an instrument may report
    std::uint64_t cpu_seconds = 60;             ///< RLIMIT_CPU
    std::uint64_t file_bytes = 64U << 20U;      ///< RLIMIT_FSIZE: one file
    std::uint64_t folder_bytes = 64U << 20U;    ///< the private working folder, where it is a tmpfs
    std::uint64_t processes = 64;               ///< RLIMIT_NPROC, where the uid is the run's own
    std::uint64_t open_files = 1024;            ///< RLIMIT_NOFILE
    std::uint64_t address_space_bytes = 0;   ///< RLIMIT_AS: never on a Valgrind run, it stops Valgrind itself
    std::uint64_t data_bytes = 2ULL << 30U;  ///< RLIMIT_DATA: keeps the machine safe where there is no arena
    std::uint64_t memory_bytes = 1ULL << 30U;  ///< of the whole run, where the sandbox has a memory guard
    std::uint64_t stack_bytes = 8U << 20U;     ///< RLIMIT_STACK
    std::uint64_t locked_bytes =
        8U << 20U;  ///< RLIMIT_MEMLOCK, the kernel's default since 5.16; at most ours
};

}  // namespace vmlab::process
