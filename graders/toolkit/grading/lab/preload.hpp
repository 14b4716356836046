#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "vmlab/grading/build.hpp"
#include "vmlab/grading/lab.hpp"

namespace vmlab::grading {

/// The library of a preloaded allocator, in the folder of our helper files; empty for Preload::none.
[[nodiscard]] std::filesystem::path preload_file(const std::filesystem::path& support, Preload preload);

/// The environment of a run with the preloaded allocator that the options name: theirs, and what the
/// allocator reads.
[[nodiscard]] std::map<std::string, std::string> preload_variables(const std::filesystem::path& support,
                                                                   const Program& program,
                                                                   const NativeOptions& options);

}  // namespace vmlab::grading
