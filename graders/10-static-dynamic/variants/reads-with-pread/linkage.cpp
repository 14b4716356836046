#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

[[noreturn]] void complain(const char* file, const char* what) {
    std::fprintf(stderr, "linkage: %s: %s\n", file, what);
    std::exit(1);
}

/// The whole file, or the end of the program.
std::string read_file(const char* path) {
    struct stat facts {};
    if (stat(path, &facts) != 0) {
        complain(path, std::strerror(errno));
    }
    if (!S_ISREG(facts.st_mode)) {
        complain(path, "not a regular file");
    }
    const int file = open(path, O_RDONLY);
    if (file < 0) {
        complain(path, std::strerror(errno));
    }
    std::string content(static_cast<std::size_t>(facts.st_size), '\0');
    std::size_t done = 0;
    for (ssize_t bytes = 0;
         (bytes = pread(file, content.data() + done, std::min<std::size_t>(content.size() - done, 4096),
                        static_cast<off_t>(done))) > 0;) {
        done += static_cast<std::size_t>(bytes);
    }
    close(file);
    content.resize(done);
    return content;
}

/// Whether a table of so many entries lies within the file.
bool holds(const std::string& content, std::uint64_t offset, std::uint64_t count, std::uint64_t entry) {
    return offset <= content.size() && count * entry <= content.size() - offset;
}

/// A copy of the T at `offset`; zeros when the file ends before it does.
template <class T>
T take(const std::string& content, std::uint64_t offset) {
    T value{};
    if (holds(content, offset, 1, sizeof value)) {
        std::memcpy(&value, content.data() + offset, sizeof value);
    }
    return value;
}

/// The text from `offset` to the next NUL.
std::string text_at(const std::string& content, std::uint64_t offset) {
    return offset < content.size() ? content.substr(offset, content.find('\0', offset) - offset) : "";
}

Elf64_Shdr section_at(const std::string& content, const Elf64_Ehdr& header, std::uint64_t index) {
    return index < header.e_shnum ? take<Elf64_Shdr>(content, header.e_shoff + index * header.e_shentsize)
                                  : Elf64_Shdr{};
}

/// The libraries that a dynamic section names.
std::vector<std::string> needed_by(const std::string& content, const Elf64_Ehdr& header,
                                   const Elf64_Shdr& dynamic) {
    const Elf64_Shdr strings = section_at(content, header, dynamic.sh_link);
    std::vector<std::string> names;
    for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= dynamic.sh_size; at += sizeof(Elf64_Dyn)) {
        const auto entry = take<Elf64_Dyn>(content, dynamic.sh_offset + at);
        if (entry.d_tag == DT_NULL) {
            break;
        }
        if (entry.d_tag == DT_NEEDED) {
            names.push_back(text_at(content, strings.sh_offset + entry.d_un.d_val));
        }
    }
    return names;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: linkage FILE\n");
        return 2;
    }
    const std::string content = read_file(argv[1]);
    const auto header = take<Elf64_Ehdr>(content, 0);
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64) {
        complain(argv[1], "no 64-bit ELF file");
    }
    if (!holds(content, header.e_phoff, header.e_phnum, header.e_phentsize) ||
        !holds(content, header.e_shoff, header.e_shnum, header.e_shentsize)) {
        complain(argv[1], "it is cut off");
    }

    std::string interpreter = "none";
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        const auto segment =
            take<Elf64_Phdr>(content, header.e_phoff + std::uint64_t{i} * header.e_phentsize);
        if (segment.p_type == PT_INTERP) {
            interpreter = text_at(content, segment.p_offset);
        }
    }
    std::vector<std::string> needed;
    std::uint64_t text = 0;
    std::uint64_t data = 0;
    std::uint64_t bss = 0;
    for (unsigned i = 0; i < header.e_shnum; ++i) {
        const Elf64_Shdr section = section_at(content, header, i);
        if (section.sh_type == SHT_DYNAMIC) {
            needed = needed_by(content, header, section);
        }
        if ((section.sh_flags & SHF_ALLOC) == 0) {
            continue;
        }
        if (section.sh_type == SHT_NOBITS) {
            bss += section.sh_size;
        } else if ((section.sh_flags & SHF_WRITE) != 0) {
            data += section.sh_size;
        } else {
            text += section.sh_size;
        }
    }

    std::printf("interpreter %s\n", interpreter.c_str());
    for (const std::string& name : needed) {
        std::printf("needs %s\n", name.c_str());
    }
    std::printf("addresses %s\n", header.e_type == ET_EXEC ? "fixed" : "relocatable");
    std::printf("text %lu data %lu bss %lu\n", text, data, bss);
    return 0;
}
