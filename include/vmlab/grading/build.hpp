#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vmlab/process/error.hpp"
#include "vmlab/process/sandbox.hpp"

namespace vmlab::grading {

/// One built executable.
struct Program {
    std::string name;
    std::filesystem::path executable;
    std::string source;  ///< base name of the source file, as it stands in stacks
};

struct BuildOptions {
    bool debug_info = true;                ///< -g
    std::vector<std::string> extra_flags;  ///< after the pinned ones
};

/// What a student types to build the same program: "g++ -std=c++20 -g -O0 … oom.cpp -o oom -lfmt".
[[nodiscard]] std::string build_command(const std::filesystem::path& source, const std::string& name,
                                        const BuildOptions& options = {});

/// What the compiler said. An executable is there only when it succeeded.
struct BuildOutcome {
    bool succeeded = false;
    Program program;
    std::string messages;  ///< the compiler's, capped
    std::string command;   ///< what a student can type to see the same
};

/// Compiles one source file in the sandbox with the pinned flags `g++ -std=c++20 -g -O0 -Wall -Wextra FILE
/// -lfmt`, into a folder of its own below `into`. A program that does not compile is a BuildOutcome; an Error
/// is ours or the machine's.
[[nodiscard]] process::Result<BuildOutcome> build(const process::Sandbox& sandbox,
                                                  const std::filesystem::path& source,
                                                  const std::string& name, const std::filesystem::path& into,
                                                  const BuildOptions& options = {});

}  // namespace vmlab::grading
