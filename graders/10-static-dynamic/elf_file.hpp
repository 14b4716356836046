#pragma once

// ELF files that were never linked: a header, two tables and what they speak of, drawn anew for each grading.
// What is right about them is known because they were made so.

#include <elf.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "vmlab/grading/draw.hpp"

namespace linkage {

using vmlab::grading::drawn;

/// What has to be said of a file.
struct Facts {
    std::string interpreter = "none";
    std::vector<std::string> needed;
    bool fixed = false;
    std::uint64_t text = 0;
    std::uint64_t data = 0;
    std::uint64_t bss = 0;
};

/// What is drawn.
struct Shape {
    bool is_dynamic = true;  ///< with an interpreter, a dynamic section and libraries
    std::uint16_t type = ET_DYN;
    std::size_t more_sections = 0;   ///< small ones of code, as of -ffunction-sections
    std::size_t more_bytes = 0;      ///< that are no part of the program
    std::size_t longer_entries = 0;  ///< so many bytes behind each entry of the two tables
};

/// Of a program, as often fixed as not.
inline std::uint16_t drawn_type() {
    return drawn(0, 1) == 0 ? ET_EXEC : ET_DYN;
}

struct DrawnFile {
    std::string content;
    Facts facts;
    Elf64_Ehdr header{};  ///< as it stands in the content
};

class ElfWriter {
  public:
    DrawnFile file(const Shape& shape) {
        DrawnFile made;
        made.facts.fixed = shape.type == ET_EXEC;
        // Where a file wants to be says nothing: either kind may be linked to any address.
        constexpr std::array<std::uint64_t, 4> bases = {0x10000, 0x400000, 0x5555'5555'4000,
                                                        0x7f00'0000'0000};
        base_ = bases[drawn(0, bases.size() - 1)];
        content_.assign(sizeof(Elf64_Ehdr) + most_segments * (sizeof(Elf64_Phdr) + shape.longer_entries),
                        '\0');
        sections_.assign(1, Elf64_Shdr{});
        segments_.clear();
        names_.assign(1, '\0');
        // Another string table stands before the one with the libraries' names.
        std::string wrong(1, '\0');
        for (int i = 0; i < 40; ++i) {
            wrong += "libwrong.so.1";
            wrong += '\0';
        }
        add(".strtab", SHT_STRTAB, 0, wrong);
        if (shape.is_dynamic) {
            add_interpreter(made.facts);
            add_libraries(made.facts);
        }
        const std::uint64_t code = SHF_ALLOC | SHF_EXECINSTR;
        const std::uint64_t variable = SHF_ALLOC | SHF_WRITE;
        add(".text", SHT_PROGBITS, code, bytes());
        for (std::size_t i = 0; i < shape.more_sections; ++i) {
            add(".text.drawn" + std::to_string(i), SHT_PROGBITS, code, std::string(drawn(1, 40), '\x90'));
        }
        add(".rodata", SHT_PROGBITS, SHF_ALLOC, bytes());
        add(".eh_frame", SHT_PROGBITS, SHF_ALLOC, bytes());
        add(".note.drawn", SHT_NOTE, SHF_ALLOC, bytes());
        add(".init_array", SHT_INIT_ARRAY, variable, bytes());
        add(".data.rel.ro", SHT_PROGBITS, variable, bytes());
        add(".data", SHT_PROGBITS, variable, bytes());
        add_zeros(".tbss", variable | SHF_TLS, drawn(1, 300));
        // Every second file asks for more than 32 bits can say.
        is_huge_ = !is_huge_;
        add_zeros(".bss", variable, is_huge_ ? (drawn(2, 9) << 30U) + drawn(1, 99'999) : drawn(1, 99'999));
        add(".comment", SHT_PROGBITS, 0, bytes());
        add(".debug_info", SHT_PROGBITS, 0, bytes() + std::string(shape.more_bytes, '\x11'));
        finish(made, shape);
        return made;
    }

  private:
    static constexpr std::size_t most_segments = 3;

    std::string bytes() {
        std::string some(drawn(1, 5000), '\0');
        for (char& byte : some) {
            byte = static_cast<char>(drawn(0, 255));
        }
        return some;
    }

    std::uint32_t name(const std::string& text) {
        const auto at = static_cast<std::uint32_t>(names_.size());
        names_ += text + '\0';
        return at;
    }

    /// Returns the section's number.
    std::size_t add(const std::string& section, std::uint32_t type, std::uint64_t flags,
                    const std::string& content) {
        content_.resize((content_.size() + 15) / 16 * 16, '\0');
        Elf64_Shdr header{};
        header.sh_name = name(section);
        header.sh_type = type;
        header.sh_flags = flags;
        header.sh_offset = content_.size();
        header.sh_addr = (flags & SHF_ALLOC) != 0 ? base_ + content_.size() : 0;
        header.sh_size = content.size();
        header.sh_addralign = 1;
        content_ += content;
        sections_.push_back(header);
        return sections_.size() - 1;
    }

    void add_zeros(const std::string& section, std::uint64_t flags, std::uint64_t bytes) {
        const std::size_t number = add(section, SHT_NOBITS, flags, {});
        sections_[number].sh_size = bytes;
    }

    void add_segment(std::uint32_t type, const Elf64_Shdr& section) {
        Elf64_Phdr segment{};
        segment.p_type = type;
        segment.p_flags = PF_R;
        segment.p_offset = section.sh_offset;
        segment.p_vaddr = section.sh_addr;
        segment.p_filesz = section.sh_size;
        segment.p_memsz = section.sh_size;
        segments_.push_back(segment);
    }

    void add_interpreter(Facts& facts) {
        facts.interpreter =
            "/drawn/" + std::string(drawn(0, 200), 'x') + std::to_string(drawn(1000, 999'999)) + "/ld.so";
        const std::size_t number = add(".interp", SHT_PROGBITS, SHF_ALLOC, facts.interpreter + '\0');
        add_segment(PT_INTERP, sections_[number]);
    }

    void add_libraries(Facts& facts) {
        std::string strings(1, '\0');
        std::vector<Elf64_Dyn> entries;
        const auto push = [&](std::int64_t tag, std::uint64_t value) {
            Elf64_Dyn entry{};
            entry.d_tag = tag;
            entry.d_un.d_val = value;
            entries.push_back(entry);
        };
        const std::uint64_t count = drawn(2, 40);
        const std::uint64_t plugin = drawn(0, count - 1);
        for (std::uint64_t i = 0; i < count; ++i) {
            const std::string library =
                (i == plugin ? "plugin-" : "libdrawn") + std::to_string(drawn(1, 99'999)) + ".so";
            push(DT_NEEDED, strings.size());
            strings += library + '\0';
            facts.needed.push_back(library);
            if (i == 0) {
                push(DT_FLAGS, 8);
            }
        }
        push(DT_SONAME, strings.size());
        strings += "libitself.so.1";
        strings += '\0';
        const std::size_t table = add(".dynstr", SHT_STRTAB, SHF_ALLOC, strings);
        push(DT_STRTAB, sections_[table].sh_addr);
        push(DT_STRSZ, strings.size());
        push(DT_NULL, 0);
        push(DT_NEEDED, 1);  // behind the end
        const std::string content(reinterpret_cast<const char*>(entries.data()),
                                  entries.size() * sizeof(Elf64_Dyn));
        const std::size_t number = add(".dynamic", SHT_DYNAMIC, SHF_ALLOC | SHF_WRITE, content);
        sections_[number].sh_link = static_cast<std::uint32_t>(table);
        sections_[number].sh_entsize = sizeof(Elf64_Dyn);
        add_segment(PT_DYNAMIC, sections_[number]);
    }

    void finish(DrawnFile& made, const Shape& shape) {
        Elf64_Shdr whole{};
        whole.sh_addr = base_;
        whole.sh_size = content_.size();
        add_segment(PT_LOAD, whole);
        for (const Elf64_Shdr& section : sections_) {
            if ((section.sh_flags & SHF_ALLOC) == 0) {
                continue;
            }
            const bool is_zeros = section.sh_type == SHT_NOBITS;
            std::uint64_t& sum = is_zeros                              ? made.facts.bss
                                 : (section.sh_flags & SHF_WRITE) != 0 ? made.facts.data
                                                                       : made.facts.text;
            sum += section.sh_size;
        }
        const std::uint32_t own_name = name(".shstrtab");
        const std::size_t names = add(".x", SHT_STRTAB, 0, names_);
        sections_[names].sh_name = own_name;
        content_.resize((content_.size() + 7) / 8 * 8, '\0');

        Elf64_Ehdr& header = made.header;
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_ident[EI_VERSION] = EV_CURRENT;
        header.e_type = shape.type;
        header.e_entry = base_ + drawn(64, 4096);
        header.e_machine = EM_X86_64;
        header.e_version = EV_CURRENT;
        header.e_phoff = sizeof header;
        header.e_phentsize = static_cast<std::uint16_t>(sizeof(Elf64_Phdr) + shape.longer_entries);
        header.e_phnum = static_cast<std::uint16_t>(segments_.size());
        header.e_shoff = content_.size();
        header.e_ehsize = sizeof header;
        header.e_shentsize = static_cast<std::uint16_t>(sizeof(Elf64_Shdr) + shape.longer_entries);
        header.e_shnum = static_cast<std::uint16_t>(sections_.size());
        header.e_shstrndx = static_cast<std::uint16_t>(names);
        std::memcpy(content_.data(), &header, sizeof header);
        const std::string segments = table_of(segments_, shape.longer_entries);
        std::memcpy(content_.data() + sizeof header, segments.data(), segments.size());
        content_ += table_of(sections_, shape.longer_entries);
        made.content = content_;
    }

    /// Entries one behind the other, with so many bytes between them.
    template <class Entry>
    static std::string table_of(const std::vector<Entry>& entries, std::size_t between) {
        std::string table;
        for (const Entry& entry : entries) {
            table.append(reinterpret_cast<const char*>(&entry), sizeof entry);
            table.append(between, '\x22');
        }
        return table;
    }

    std::uint64_t base_ = 0;
    bool is_huge_ = false;
    std::string content_;
    std::string names_;
    std::vector<Elf64_Shdr> sections_;
    std::vector<Elf64_Phdr> segments_;
};

}  // namespace linkage
