#pragma once

#include <filesystem>
#include <thread>

#include "vmlab/process/descriptor.hpp"

namespace vmlab::grading {

/// While it lives, SIGTERM, SIGINT and SIGHUP remove a folder and this process's arenas before they end it as
/// they always do. (What the process runs dies with it: every run asks the kernel for that.) A signal that
/// was ignored stays ignored. One at a time.
class CleanupOnSignal {
  public:
    [[nodiscard]] static process::Result<CleanupOnSignal> install(std::filesystem::path folder);
    CleanupOnSignal(CleanupOnSignal&&) noexcept = default;
    CleanupOnSignal& operator=(CleanupOnSignal&&) = delete;
    CleanupOnSignal(const CleanupOnSignal&) = delete;
    CleanupOnSignal& operator=(const CleanupOnSignal&) = delete;
    ~CleanupOnSignal();

  private:
    CleanupOnSignal(process::DescriptorPair pipe, std::filesystem::path folder);
    process::Descriptor told_;  ///< the handler writes the signal's number here
    std::thread waiting_;
};

}  // namespace vmlab::grading
