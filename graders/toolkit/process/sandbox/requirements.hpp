#pragma once

#include <filesystem>

#include "vmlab/process/error.hpp"

namespace vmlab::process {

/// What every run needs whichever tier confines it, looked at before anything is run, so that a want is not
/// taken for a program's fault. Errors of kind machine_lacks name the want and the command that helps.

/// The limits of ours that a program would inherit leave it what the lab gives each run.
[[nodiscard]] Result<void> require_limits();

/// Programs can be executed in that folder: its file system is not mounted with noexec. `fix`: what to do
/// about it.
[[nodiscard]] Result<void> require_execution(const std::filesystem::path& folder, const std::string& fix);

}  // namespace vmlab::process
