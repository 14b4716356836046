#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vmlab/grading/build.hpp"
#include "vmlab/process/error.hpp"
#include "vmlab/process/sandbox.hpp"

namespace vmlab::grading {

/// What every compilation may use. A program that makes g++ cross one of these is to blame for it.
[[nodiscard]] process::Limits compiler_limits();

/// The options that every program of the lab is built with.
[[nodiscard]] std::vector<std::string> pinned_flags(const BuildOptions& options);

/// What stands behind the source file.
[[nodiscard]] std::vector<std::string> libraries(const BuildOptions& options);

/// One call of g++.
struct Compilation {
    std::filesystem::path source;
    std::string name;                     ///< of the program
    std::filesystem::path output_folder;  ///< where it is left
    BuildOptions options;
    bool with_precompiled = true;  ///< fmt's header from our support folder, compiled in advance
};

/// A new folder INTO/NAME-xxxxxx that everybody may enter, for a compiler that runs as another user.
[[nodiscard]] process::Result<std::filesystem::path> make_build_folder(const std::filesystem::path& into,
                                                                       const std::string& name);

/// Runs g++ in the sandbox. A g++ that fails is a Run; an Error means that it could not be run.
[[nodiscard]] process::Result<process::Run> compile(const process::Sandbox& sandbox,
                                                    const Compilation& compilation);

}  // namespace vmlab::grading
