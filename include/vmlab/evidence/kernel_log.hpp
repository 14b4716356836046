#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::evidence {

enum class OomScope { machine, cgroup };

/// One kill by the kernel's OOM killer, from its log (mm/oom_kill.c). A field that this kernel does not print
/// is absent.
struct OomKill {
    pid_t pid = 0;
    std::string name;
    OomScope scope = OomScope::machine;
    std::uint64_t total_vm_kb = 0;
    std::uint64_t anon_rss_kb = 0;
    std::optional<std::uint64_t> file_rss_kb;
    std::optional<std::uint64_t> shmem_rss_kb;
    std::optional<std::uint64_t> pgtables_kb;
    std::optional<int> oom_score_adj;
    std::string row;  ///< the log's own text
};

/// Every OOM kill in a log, in order: the kernel's own format, dmesg's, rsyslog's (both time stamps),
/// journalctl's; kernels 4.15 to 6.x.
[[nodiscard]] std::vector<OomKill> parse_oom_kills(std::string_view log);

/// A place in the kernel's log from which on records are read. Sources in order: /dev/kmsg, the journal,
/// /var/log/{syslog, kern.log,messages}.
class KernelLog {
  public:
    /// Opens the first readable source at its present end. machine_lacks when none is readable.
    [[nodiscard]] static process::Result<KernelLog> open_at_end();
    /// "/dev/kmsg", ...
    [[nodiscard]] const std::string& source() const { return source_; }
    /// The text of all records since open_at_end; waits up to patience for one that names each of the pids as
    /// killed. A record that never comes is a missing witness, not an error.
    [[nodiscard]] std::string read_until_killed(const std::vector<pid_t>& pids,
                                                std::chrono::milliseconds patience);

  private:
    KernelLog(std::string source, process::Descriptor descriptor);
    std::string source_;
    process::Descriptor descriptor_;
    std::string text_;
};

}  // namespace vmlab::evidence
