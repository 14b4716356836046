#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "vmlab/grading/build.hpp"
#include "vmlab/grading/lab.hpp"

namespace vmlab::grading {

/// The library of a preloaded allocator, in the folder of our helper files; empty for Preload::none.
[[nodiscard]] std::filesystem::path preload_file(const std::filesystem::path& support, Preload preload);

/// All that a run with these options preloads, in the order of LD_PRELOAD.
[[nodiscard]] std::vector<std::filesystem::path> preload_libraries(const std::filesystem::path& support,
                                                                   const NativeOptions& options);

/// LD_PRELOAD for a library and an executable that both the program may read, wherever they lie. The loader
/// splits the variable at blanks and colons and replaces $NAME in it: a library below such a folder gets a
/// link beside the executable. May be called for the same executable from several threads.
[[nodiscard]] std::string preload_value(const std::filesystem::path& library,
                                        const std::filesystem::path& executable);

/// The environment of a run with the preloaded allocator that the options name: theirs, and what the
/// allocator reads.
[[nodiscard]] std::map<std::string, std::string> preload_variables(const std::filesystem::path& support,
                                                                   const Program& program,
                                                                   const NativeOptions& options);

}  // namespace vmlab::grading
