#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/process/error.hpp"
#include "vmlab/process/run.hpp"

namespace vmlab::process {

/// The first executable file of that name in PATH's usual folders, or an Error of kind machine_lacks that
/// names the Debian package to install.
[[nodiscard]] Result<std::filesystem::path> find_tool(std::string_view name, std::string_view debian_package);

struct ToolOptions {
    Limits limits;
    std::function<void(std::string_view)> on_output;  ///< each piece of stdout as it comes
    std::stop_token stop;
};

/// Runs a trusted tool (`g++ --version`, a grader) outside any sandbox, in an environment of our making
/// (process/tool_environment.hpp). It ends with us. A tool that fails is a Run; an Error means that it could
/// not be started.
[[nodiscard]] Result<Run> run_tool(const std::vector<std::string>& argv, const ToolOptions& options = {});

}  // namespace vmlab::process
