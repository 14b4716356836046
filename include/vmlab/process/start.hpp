#pragma once

#include <cstdint>
#include <string>

namespace vmlab::process {

/// What a program finds when it begins. The defaults are those of any shell.
struct Start {
    /// False: no transparent huge pages, whatever the machine's setting is (prctl(2), PR_SET_THP_DISABLE:
    /// kept over fork and execve). Counts of page faults are the same everywhere then.
    bool huge_pages = true;
    /// False: every run has the same addresses (personality(2), ADDR_NO_RANDOMIZE; `setarch -R`).
    bool random_addresses = true;
    /// The process that becomes the program (execve) has touched so many bytes before: ru_maxrss begins with
    /// them (getrusage(2)).
    std::uint64_t resident_bytes_before = 0;
    /// Its oom_score_adj, inherited like everything here; 0 to 1000 (proc(5)).
    int oom_score_adj = 0;
    /// Its argv[0]; empty: its path.
    std::string called = {};
};

}  // namespace vmlab::process
