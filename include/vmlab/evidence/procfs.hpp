#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "vmlab/process/error.hpp"

namespace vmlab::evidence {

/// One reading of /proc/PID, taken from outside (proc(5)).
struct ProcessSample {
    std::chrono::duration<double> at{};     ///< seconds since the sampler started
    char state = '?';                       ///< R, S, D, T, Z, ...
    std::uint64_t virtual_bytes = 0;        ///< VmSize
    std::uint64_t resident_bytes = 0;       ///< VmRSS
    std::uint64_t peak_resident_bytes = 0;  ///< VmHWM
    std::uint64_t anonymous_bytes = 0;      ///< RssAnon
    std::uint64_t swap_bytes = 0;           ///< VmSwap
    std::uint64_t heap_bytes = 0;           ///< size of the [heap] mapping
    int oom_score = 0;
    int oom_score_adj = 0;
    std::vector<pid_t> namespace_pids;  ///< NSpid: outermost first
};

/// One mapping of /proc/PID/maps.
struct Mapping {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::string permissions;  ///< "rw-p"
    std::string path;         ///< file, "[heap]", "[stack]" or empty (anonymous)

    [[nodiscard]] bool contains(std::uint64_t address) const { return address >= start && address < end; }
};

/// Reads /proc/PID once. An Error when the process is gone or may not be read.
[[nodiscard]] process::Result<ProcessSample> sample_process(pid_t pid);
[[nodiscard]] process::Result<std::vector<Mapping>> read_mappings(pid_t pid);

[[nodiscard]] std::vector<Mapping> parse_mappings(std::string_view text);
/// Fills the fields that /proc/PID/status tells.
void parse_status(std::string_view text, ProcessSample& into);

/// Samples a process at a fixed interval on a thread of its own until it is gone or the sampler is destroyed.
class Sampler {
  public:
    /// on_sample is called with each sample as it is taken, on the sampler's thread.
    Sampler(pid_t pid, std::chrono::milliseconds interval,
            std::function<void(const ProcessSample&)> on_sample = {});
    ~Sampler() = default;
    Sampler(const Sampler&) = delete;
    Sampler& operator=(const Sampler&) = delete;
    /// Stops and returns what was seen, in order of time.
    [[nodiscard]] std::vector<ProcessSample> finish();

  private:
    std::vector<ProcessSample> samples_;
    std::jthread thread_;
};

}  // namespace vmlab::evidence
