#pragma once

#include <chrono>

#include "vmlab/process/run.hpp"

namespace vmlab::process {

/// With VMLAB_RECORD_RUNS=FOLDER in the grader's environment: keeps what a sandboxed run was given, so that a
/// person can do the same by hand and scripts/bench can measure the bare tools. FOLDER/files holds copies of
/// everything readable, FOLDER/N.json the command. No effect on any verdict; a recording that fails is given
/// up silently.
///
/// With VMLAB_PROFILE_RUNS=FILE: adds a line of JSON to FILE for each run, with what ran and what it took.
class Recording {
  public:
    /// Before the run: while the job's files and groups are there.
    explicit Recording(const Job& job);
    /// After it.
    void finish(const Run& run) const;

  private:
    void add_to_profile(const Run& run) const;

    const Job& job_;
    std::string folder_;
    std::string memory_limit_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace vmlab::process
