#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/evidence/kernel_log.hpp"

namespace vmlab::evidence {

/// A row of the table of tasks ("Tasks state") in the kernel's report of an OOM kill.
struct OomCandidate {
    pid_t pid = 0;
    std::string name;
    std::uint64_t virtual_pages = 0;
    std::uint64_t resident_pages = 0;
    std::uint64_t swapped_pages = 0;
    std::uint64_t page_table_bytes = 0;
    int oom_score_adj = 0;
};

/// What the kernel writes to its log each time that it looks for a victim (dump_header, mm/oom_kill.c). The
/// kernel leaves most of it out when reports come fast one after the other: what is not there is absent here.
struct OomReport {
    OomScope scope = OomScope::machine;
    std::string invoked_by;                     ///< the process that wanted memory
    bool manual = false;                        ///< SysRq f: there may be plenty of memory
    std::optional<std::uint64_t> memory_pages;  ///< of the machine, or the limit of the cgroup
    std::uint64_t swap_pages = 0;               ///< the machine's
    std::vector<OomCandidate> candidates;       ///< in the order of the table
    /// Whom the kernel killed for it: the chosen one first, then those who shared its memory or its cgroup.
    std::vector<OomKill> kills;
};

/// Every report in a log, in order, in the forms of log that parse_oom_kills knows; kernels 4.15 to 6.x. The
/// kernel's own records only.
[[nodiscard]] std::vector<OomReport> parse_oom_reports(std::string_view log);

/// Pages of 4096 bytes, the only size there is on x86-64 in this table.
constexpr std::uint64_t page_bytes = 4096;

/// By how many pages the oom_score_adj moves this candidate's badness: a thousandth of all memory for each
/// point. Nothing when the report does not tell how much memory there is and it is not 0.
[[nodiscard]] std::optional<std::int64_t> adjustment_pages(const OomReport& report,
                                                           const OomCandidate& candidate);

/// What the kernel compares, in pages (oom_badness, mm/oom_kill.c): resident + swapped + page tables, and the
/// adjustment. The highest dies. Nothing for a candidate at -1000, whom the kernel never chooses, and where
/// adjustment_pages knows nothing.
[[nodiscard]] std::optional<std::int64_t> badness_pages(const OomReport& report,
                                                        const OomCandidate& candidate);

}  // namespace vmlab::evidence
