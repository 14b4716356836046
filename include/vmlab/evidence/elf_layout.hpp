#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/process/error.hpp"

// What an executable's headers say of the memory that it will need (elf(5)). Any thread may call these.

namespace vmlab::evidence {

/// The linker's unit. Addresses are those of the file: the kernel adds a load bias to those of a
/// position-independent executable.
struct ElfSection {
    std::string name;
    std::uint64_t address = 0;
    std::uint64_t offset = 0;  ///< in the file
    std::uint64_t bytes = 0;   ///< in memory
    bool allocated = false;    ///< SHF_ALLOC: it becomes memory of the process
    bool writable = false;     ///< SHF_WRITE
    bool executable = false;   ///< SHF_EXECINSTR
    bool in_file = false;      ///< not SHT_NOBITS: its bytes stand in the file
};

/// The kernel's and the loader's unit.
struct ElfSegment {
    std::uint32_t type = 0;   ///< PT_LOAD, PT_GNU_RELRO, ...
    std::uint32_t flags = 0;  ///< PF_R, PF_W, PF_X
    std::uint64_t address = 0;
    std::uint64_t offset = 0;
    std::uint64_t file_bytes = 0;
    std::uint64_t memory_bytes = 0;

    [[nodiscard]] bool contains(std::uint64_t at) const {
        return at >= address && at - address < memory_bytes;
    }
};

struct ElfSymbol {
    std::string name;  ///< demangled
    std::uint64_t address = 0;
    std::uint64_t bytes = 0;
    std::string section;  ///< empty: in none (absolute, undefined)
};

/// The first three columns of size(1).
struct SectionSums {
    std::uint64_t text = 0;  ///< all that is allocated and not writable
    std::uint64_t data = 0;
    std::uint64_t bss = 0;
};

struct ElfLayout {
    bool relocatable = false;                ///< ET_DYN: position independent
    std::optional<std::string> interpreter;  ///< of PT_INTERP
    std::vector<std::string> needed;         ///< DT_NEEDED, in order
    std::vector<ElfSection> sections;
    std::vector<ElfSegment> segments;
    std::vector<ElfSymbol> symbols;  ///< of .symtab

    /// The allocated section that holds an address of the file; null: none does.
    [[nodiscard]] const ElfSection* section_at(std::uint64_t address) const;
    /// The section of that name; null: there is none.
    [[nodiscard]] const ElfSection* section(std::string_view name) const;
    /// Written by the loader, then read-only (PT_GNU_RELRO).
    [[nodiscard]] bool read_only_after_relocation(std::uint64_t address) const;
    /// The first symbol of that demangled name; null: there is none.
    [[nodiscard]] const ElfSymbol* symbol(std::string_view name) const;
    [[nodiscard]] SectionSums sums() const;
};

/// Reads it with libelf. An Error when the file is no ELF executable or shared library.
[[nodiscard]] process::Result<ElfLayout> read_elf_layout(const std::filesystem::path& program);

}  // namespace vmlab::evidence
