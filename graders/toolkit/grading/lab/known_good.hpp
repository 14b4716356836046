#pragma once

#include <filesystem>
#include <string>

#include "vmlab/grading/build.hpp"
#include "vmlab/process/error.hpp"
#include "vmlab/process/sandbox.hpp"

namespace vmlab::grading {

/// Compiles a program that is known to be right, as a student's is compiled, in a folder of its own below
/// `into`. It uses what theirs may use: headers of the C++ library, of the C library and of fmt, threads, and
/// linking. An Error names what this machine lacks and how to get it.
[[nodiscard]] process::Result<void> require_known_good(const process::Sandbox& sandbox,
                                                       const std::filesystem::path& into,
                                                       const BuildOptions& options = {});

/// What this machine lacks when g++ says so of a program that is right. `version`: of g++, as it stands in
/// the names of Debian's packages ("12"); empty when it is not known.
[[nodiscard]] process::Error compiler_fault(const process::Run& run, const std::string& version);

}  // namespace vmlab::grading
