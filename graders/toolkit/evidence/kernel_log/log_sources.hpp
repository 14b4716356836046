#pragma once

#include <filesystem>
#include <memory>

#include "vmlab/evidence/kernel_log.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::evidence {

// Each opens its source at the present end. machine_lacks: it is missing or may not be read.

/// The kernel's own ring buffer. A ring that overflows between two reads loses its oldest records.
[[nodiscard]] process::Result<std::unique_ptr<LogSource>> open_kmsg(
    const std::filesystem::path& device = "/dev/kmsg");
/// journalctl -k, where a user may read the system's journal.
[[nodiscard]] process::Result<std::unique_ptr<LogSource>> open_journal();
/// A file that a syslogd appends to and that may be rotated away meanwhile.
[[nodiscard]] process::Result<std::unique_ptr<LogSource>> open_log_file(const std::filesystem::path& file);

}  // namespace vmlab::evidence
