#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/process/error.hpp"

namespace vmlab::evidence {

enum class OomScope { machine, cgroup };

/// One kill by the kernel's OOM killer, from its log (mm/oom_kill.c). A field that this kernel does not print
/// is absent.
struct OomKill {
    pid_t pid = 0;
    std::string name;  ///< may hold any character: /dev/kmsg writes unprintable ones as \x0a
    OomScope scope = OomScope::machine;
    std::uint64_t total_vm_kb = 0;
    std::uint64_t anon_rss_kb = 0;
    std::optional<std::uint64_t> file_rss_kb;
    std::optional<std::uint64_t> shmem_rss_kb;
    std::optional<std::uint64_t> pgtables_kb;
    std::optional<int> oom_score_adj;
    std::string row;  ///< the log's own text
};

/// Every OOM kill in a log, in order: the kernel's own format (/dev/kmsg), dmesg's, rsyslog's (both time
/// stamps), busybox's, journalctl's; kernels 4.15 to 6.x. Only the kernel's own records count: a record that
/// a program wrote (through /dev/kmsg, where its facility is not 0, or through syslog, where its tag is not
/// "kernel:") is passed over.
[[nodiscard]] std::vector<OomKill> parse_oom_kills(std::string_view log);

/// One place that the kernel's log can be read from; see KernelLog.
class LogSource {
  public:
    virtual ~LogSource() = default;
    /// "/dev/kmsg", ...
    [[nodiscard]] virtual std::string name() const = 0;
    /// The records since it was opened or last read; does not wait.
    [[nodiscard]] virtual std::string read_new() = 0;
};

/// The kernel's log from a certain moment on. Sources in order: /dev/kmsg, the journal's kernel records,
/// /var/log/{syslog,kern.log,messages}.
class KernelLog {
  public:
    /// Opens the first readable source at its present end. machine_lacks when none is readable.
    [[nodiscard]] static process::Result<KernelLog> open_at_end();
    explicit KernelLog(std::unique_ptr<LogSource> source) : source_(std::move(source)) {}

    [[nodiscard]] std::string source() const { return source_->name(); }
    /// The text of all records since open_at_end, which may hold other programs' records too; waits up to
    /// patience for one that names each of the pids as killed. A record that never comes is a missing
    /// witness, not an error.
    [[nodiscard]] std::string read_until_killed(const std::vector<pid_t>& pids,
                                                std::chrono::milliseconds patience);

  private:
    std::unique_ptr<LogSource> source_;
    std::string text_;
};

}  // namespace vmlab::evidence
