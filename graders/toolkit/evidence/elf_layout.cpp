#include "vmlab/evidence/elf_layout.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "evidence/open_elf.hpp"

namespace vmlab::evidence {
namespace {

std::string demangled(const char* name) {
    struct Free {
        void operator()(char* text) const { std::free(text); }
    };
    int status = 0;
    const std::unique_ptr<char, Free> text(abi::__cxa_demangle(name, nullptr, nullptr, &status));
    return status == 0 && text != nullptr ? text.get() : name;
}

/// A string of a string table; empty when there is none at that place.
std::string string_at(Elf* elf, std::size_t table, std::size_t offset) {
    const char* text = elf_strptr(elf, table, offset);
    return text == nullptr ? std::string() : text;
}

void read_segments(const OpenElf& open, ElfLayout& layout) {
    std::size_t count = 0;
    if (elf_getphdrnum(open.elf.get(), &count) != 0) {
        return;
    }
    for (std::size_t i = 0; i < count; ++i) {
        GElf_Phdr header;
        if (gelf_getphdr(open.elf.get(), static_cast<int>(i), &header) == nullptr) {
            return;
        }
        layout.segments.push_back({.type = header.p_type,
                                   .flags = header.p_flags,
                                   .address = header.p_vaddr,
                                   .offset = header.p_offset,
                                   .file_bytes = header.p_filesz,
                                   .memory_bytes = header.p_memsz});
        if (header.p_type == PT_INTERP && header.p_offset < open.content->size()) {
            const std::string_view path =
                std::string_view(*open.content).substr(header.p_offset, header.p_filesz);
            layout.interpreter = std::string(path.substr(0, path.find('\0')));
        }
    }
}

void read_needed(const OpenElf& open, Elf_Scn* section, const GElf_Shdr& header, ElfLayout& layout) {
    Elf_Data* data = elf_getdata(section, nullptr);
    const std::size_t count = header.sh_entsize == 0 ? 0 : header.sh_size / header.sh_entsize;
    for (std::size_t i = 0; data != nullptr && i < count; ++i) {
        GElf_Dyn entry;
        if (gelf_getdyn(data, static_cast<int>(i), &entry) == nullptr || entry.d_tag == DT_NULL) {
            return;
        }
        if (entry.d_tag == DT_NEEDED) {
            layout.needed.push_back(string_at(open.elf.get(), header.sh_link, entry.d_un.d_val));
        }
    }
}

void read_symbols(const OpenElf& open, Elf_Scn* section, const GElf_Shdr& header, ElfLayout& layout) {
    Elf_Data* data = elf_getdata(section, nullptr);
    const std::size_t count = header.sh_entsize == 0 ? 0 : header.sh_size / header.sh_entsize;
    for (std::size_t i = 0; data != nullptr && i < count; ++i) {
        GElf_Sym symbol;
        if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) {
            return;
        }
        // Sections were read before: the first is at index 1.
        const bool has_section = symbol.st_shndx >= 1 && symbol.st_shndx <= layout.sections.size();
        layout.symbols.push_back(
            {.name = demangled(string_at(open.elf.get(), header.sh_link, symbol.st_name).c_str()),
             .address = symbol.st_value,
             .bytes = symbol.st_size,
             .section = has_section ? layout.sections[symbol.st_shndx - 1U].name : std::string()});
    }
}

void read_sections(const OpenElf& open, ElfLayout& layout) {
    std::size_t names = 0;
    if (elf_getshdrstrndx(open.elf.get(), &names) != 0) {
        return;
    }
    Elf_Scn* symbols = nullptr;
    GElf_Shdr symbols_header{};
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(open.elf.get(), section)) != nullptr;) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == nullptr) {
            return;
        }
        layout.sections.push_back({.name = string_at(open.elf.get(), names, header.sh_name),
                                   .address = header.sh_addr,
                                   .offset = header.sh_offset,
                                   .bytes = header.sh_size,
                                   .allocated = (header.sh_flags & SHF_ALLOC) != 0,
                                   .writable = (header.sh_flags & SHF_WRITE) != 0,
                                   .executable = (header.sh_flags & SHF_EXECINSTR) != 0,
                                   .in_file = header.sh_type != SHT_NOBITS});
        if (header.sh_type == SHT_DYNAMIC) {
            read_needed(open, section, header, layout);
        }
        if (header.sh_type == SHT_SYMTAB) {
            symbols = section;
            symbols_header = header;
        }
    }
    if (symbols != nullptr) {
        read_symbols(open, symbols, symbols_header, layout);
    }
}

}  // namespace

const ElfSection* ElfLayout::section_at(std::uint64_t address) const {
    const auto found = std::ranges::find_if(sections, [&](const ElfSection& section) {
        // .tbss takes no place in memory: it is a template for each thread's own.
        return section.allocated && section.name != ".tbss" && address >= section.address &&
               address - section.address < section.bytes;
    });
    return found == sections.end() ? nullptr : &*found;
}

const ElfSection* ElfLayout::section(std::string_view name) const {
    const auto found = std::ranges::find(sections, name, &ElfSection::name);
    return found == sections.end() ? nullptr : &*found;
}

bool ElfLayout::read_only_after_relocation(std::uint64_t address) const {
    return std::ranges::any_of(segments, [&](const ElfSegment& segment) {
        return segment.type == PT_GNU_RELRO && segment.contains(address);
    });
}

const ElfSymbol* ElfLayout::symbol(std::string_view name) const {
    const auto found = std::ranges::find(symbols, name, &ElfSymbol::name);
    return found == symbols.end() ? nullptr : &*found;
}

SectionSums ElfLayout::sums() const {
    SectionSums sums;
    for (const ElfSection& section : sections) {
        if (!section.allocated) {
            continue;
        }
        if (!section.in_file) {
            sums.bss += section.bytes;
        } else if (section.writable) {
            sums.data += section.bytes;
        } else {
            sums.text += section.bytes;
        }
    }
    return sums;
}

process::Result<ElfLayout> read_elf_layout(const std::filesystem::path& program) {
    const auto open = open_elf(program);
    if (!open) {
        return tl::unexpected(open.error());
    }
    ElfLayout layout;
    layout.relocatable = open->header.e_type == ET_DYN;
    read_segments(*open, layout);
    read_sections(*open, layout);
    return layout;
}

}  // namespace vmlab::evidence
