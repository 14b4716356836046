#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
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
    std::uint64_t data_bytes = 0;           ///< VmData: private memory that may be written to, touched or not
    std::uint64_t resident_bytes = 0;       ///< VmRSS
    std::uint64_t peak_resident_bytes = 0;  ///< VmHWM
    std::uint64_t anonymous_bytes = 0;      ///< RssAnon
    std::uint64_t swap_bytes = 0;           ///< VmSwap
    std::uint64_t locked_bytes = 0;         ///< VmLck
    std::uint64_t page_table_bytes = 0;     ///< VmPTE
    std::uint64_t heap_bytes = 0;           ///< size of the [heap] mapping
    /// Page faults so far (/proc/PID/stat): without and with waiting for a disk; those of waited-for children
    /// apart.
    std::uint64_t minor_faults = 0;
    std::uint64_t major_faults = 0;
    std::uint64_t children_minor_faults = 0;
    std::uint64_t children_major_faults = 0;
    int oom_score = 0;
    int oom_score_adj = 0;
    std::vector<pid_t> namespace_pids;  ///< NSpid: outermost first
};

/// One mapping of /proc/PID/maps.
struct Mapping {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::string permissions;   ///< "rw-p"
    std::uint64_t offset = 0;  ///< in the file, in bytes
    std::string device;        ///< "08:01"; "00:00" of an anonymous mapping
    std::uint64_t inode = 0;   ///< 0 of an anonymous mapping
    std::string path;          ///< file, "[heap]", "[stack]" or empty (anonymous)

    [[nodiscard]] bool contains(std::uint64_t address) const { return address >= start && address < end; }
    [[nodiscard]] std::uint64_t bytes() const { return end - start; }
};

/// Reads /proc/PID once. An Error when the process is gone. What may not be read is left 0: the mappings
/// (heap_bytes) of another user's process need root or CAP_SYS_PTRACE; status, oom_score and oom_score_adj
/// are everybody's. A process that has ended but is not yet waited for (state Z) has no memory: its sizes are
/// 0.
[[nodiscard]] process::Result<ProcessSample> sample_process(pid_t pid);
/// The mappings of /proc/PID/maps. An Error when the process is gone or may not be read.
[[nodiscard]] process::Result<std::vector<Mapping>> read_mappings(pid_t pid);

/// The rows that have the form of a mapping.
[[nodiscard]] std::vector<Mapping> parse_mappings(std::string_view text);
/// Fills the fields that /proc/PID/status tells.
void parse_status(std::string_view text, ProcessSample& into);
/// Fills the fields that /proc/PID/stat tells: the page faults.
void parse_stat(std::string_view text, ProcessSample& into);

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
    void sample_until(const std::stop_token& stop, pid_t pid, std::chrono::milliseconds interval);

    std::function<void(const ProcessSample&)> on_sample_;
    std::vector<ProcessSample> samples_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_;  // last: it uses the others
};

}  // namespace vmlab::evidence
