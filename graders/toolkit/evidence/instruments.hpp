#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "vmlab/process/error.hpp"

namespace vmlab::evidence {

/// Valgrind itself, not Debian's shell script around it, which would put LD_LIBRARY_PATH and
/// GLIBCXX_FORCE_NEW into the program's environment. machine_lacks: not installed, or older than 3.15.
[[nodiscard]] process::Result<std::filesystem::path> find_valgrind();

/// machine_lacks: not installed, or older than 5.3 (--seccomp-bpf).
[[nodiscard]] process::Result<std::filesystem::path> find_strace();

/// strace's options that let nanosleep and clock_nanosleep return after a millisecond, whatever was asked
/// for. Not at once: a loop that waits for a clock asks again and again, and each time is a row of the log.
[[nodiscard]] std::vector<std::string> fast_forward_options();

/// Below strace the program's stderr is this descriptor at first: 2 is where strace itself writes.
inline constexpr int program_stderr = 901;
/// What a run may write into an instrument's channel. An honest report or log is below 1 MB, a trace of a
/// million allocation calls below 40; a program in a loop of calls fills it in seconds.
inline constexpr std::uint64_t most_channel_bytes = 64U << 20U;
/// Stands for the inner launcher in a job's command line (process/sandbox.hpp).
inline constexpr const char* inner_launcher = "{launch}";

}  // namespace vmlab::evidence
