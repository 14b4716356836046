#pragma once

#include <filesystem>

#include "vmlab/process/error.hpp"

namespace vmlab::evidence {

/// What an executable's own bytes tell before it is ever run.
struct ElfFacts {
    bool dynamically_linked = false;   ///< it has a PT_INTERP segment
    bool has_debug_lines = false;      ///< it has a .debug_line section
    bool has_client_requests = false;  ///< executable code holds Valgrind's client-request preamble
};

/// Reads them with libelf. An Error when the file is no ELF executable.
[[nodiscard]] process::Result<ElfFacts> read_elf(const std::filesystem::path& program);

}  // namespace vmlab::evidence
