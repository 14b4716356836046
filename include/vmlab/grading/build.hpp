#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vmlab/grading/slots.hpp"
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
    bool with_fmt = true;                  ///< -lfmt; not every system has that library for -static
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
/// -lfmt`, into a folder of its own below `into`. A program that does not compile is a BuildOutcome, but only
/// when a known-good program compiles at the same place and moment, and when a g++ that was cut off had
/// crossed one of the limits that we set; else it is an Error that names what this machine lacks. `slots`:
/// one is held while g++ runs, and all of them when it runs again because it was cut off; null: the caller
/// sees to it that nothing else runs. May be called from several threads, by none that holds a slot.
[[nodiscard]] process::Result<BuildOutcome> build(const process::Sandbox& sandbox,
                                                  const std::filesystem::path& source,
                                                  const std::string& name, const std::filesystem::path& into,
                                                  const BuildOptions& options = {},
                                                  const Slots* slots = nullptr);

}  // namespace vmlab::grading
