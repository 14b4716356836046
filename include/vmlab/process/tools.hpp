#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/process/error.hpp"
#include "vmlab/process/run.hpp"

namespace vmlab::process {

/// The first executable file of that name in PATH's usual folders, or an Error of kind machine_lacks that
/// names the Debian package to install.
[[nodiscard]] Result<std::filesystem::path> find_tool(std::string_view name, std::string_view debian_package);

/// Runs a trusted tool (`g++ --version`, `mke2fs`) outside any sandbox, with the grader's own environment. A
/// tool that fails is a Run; an Error means that it could not be started.
[[nodiscard]] Result<Run> run_tool(const std::vector<std::string>& argv, const Limits& limits = {});

}  // namespace vmlab::process
