#include "vmlab/evidence/elf.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "evidence/open_elf.hpp"

namespace vmlab::evidence {
namespace {

/// rol $3, %rdi; rol $13, %rdi; rol $61, %rdi; rol $51, %rdi: a rotation by 128 bits that changes nothing.
/// Valgrind takes it for the start of a client request (valgrind.h); no compiler generates it.
constexpr std::array<unsigned char, 16> preamble = {0x48, 0xc1, 0xc7, 0x03, 0x48, 0xc1, 0xc7, 0x0d,
                                                    0x48, 0xc1, 0xc7, 0x3d, 0x48, 0xc1, 0xc7, 0x33};

bool holds_preamble(std::string_view content, std::uint64_t offset, std::uint64_t size) {
    if (offset >= content.size()) {
        return false;
    }
    const std::string_view code = content.substr(offset, size);
    const auto found =
        std::search(code.begin(), code.end(), preamble.begin(), preamble.end(),
                    [](char a, unsigned char b) { return static_cast<unsigned char>(a) == b; });
    return found != code.end();
}

/// What the kernel maps executable, whatever the sections say: sections are only a compiler's remarks.
void read_segments(Elf* elf, std::string_view content, ElfFacts& facts) {
    std::size_t count = 0;
    if (elf_getphdrnum(elf, &count) != 0) {
        return;
    }
    for (std::size_t i = 0; i < count; ++i) {
        GElf_Phdr segment;
        if (gelf_getphdr(elf, static_cast<int>(i), &segment) == nullptr) {
            return;
        }
        if (segment.p_type == PT_INTERP) {
            facts.dynamically_linked = true;
        }
        if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0) {
            facts.has_client_requests |= holds_preamble(content, segment.p_offset, segment.p_filesz);
        }
    }
}

void read_sections(Elf* elf, std::string_view content, ElfFacts& facts) {
    std::size_t names = 0;
    if (elf_getshdrstrndx(elf, &names) != 0) {
        return;
    }
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == nullptr) {
            return;
        }
        const char* name = elf_strptr(elf, names, header.sh_name);
        if (name != nullptr && std::string_view(name) == ".debug_line") {
            facts.has_debug_lines = true;
        }
        if ((header.sh_flags & SHF_EXECINSTR) != 0 && header.sh_type != SHT_NOBITS) {
            facts.has_client_requests |= holds_preamble(content, header.sh_offset, header.sh_size);
        }
    }
}

}  // namespace

process::Result<ElfFacts> read_elf(const std::filesystem::path& program) {
    const auto open = open_elf(program);
    if (!open) {
        return tl::unexpected(open.error());
    }
    ElfFacts facts;
    read_segments(open->elf.get(), *open->content, facts);
    read_sections(open->elf.get(), *open->content, facts);
    return facts;
}

}  // namespace vmlab::evidence
