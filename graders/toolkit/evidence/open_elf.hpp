#pragma once

#include <gelf.h>
#include <libelf.h>

#include <filesystem>
#include <memory>
#include <string>

#include "vmlab/process/error.hpp"

namespace vmlab::evidence {

struct ElfEnd {
    void operator()(Elf* elf) const { elf_end(elf); }
};

/// A whole file, and libelf's view of it. libelf answers with copies of what it finds: the file is only read.
struct OpenElf {
    std::unique_ptr<std::string> content;  ///< stays where it is: libelf points into it
    std::unique_ptr<Elf, ElfEnd> elf;
    GElf_Ehdr header{};
};

/// An Error when it is no ELF executable or shared library, or larger than 256 MiB.
[[nodiscard]] process::Result<OpenElf> open_elf(const std::filesystem::path& file);

}  // namespace vmlab::evidence
