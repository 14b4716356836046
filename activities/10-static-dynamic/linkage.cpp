// Activity 10: what is in an executable? Your work: the five TODOs.
#include <elf.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

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
    std::FILE* file = std::fopen(path, "rb");
    if (file == nullptr) {
        complain(path, std::strerror(errno));
    }
    std::string content;
    char piece[65536];
    for (std::size_t bytes = 0; (bytes = std::fread(piece, 1, sizeof piece, file)) > 0;) {
        content.append(piece, bytes);
    }
    std::fclose(file);
    return content;
}

/// A copy of the T at `offset`; zeros when the file ends before it does.
template <class T>
T take(const std::string& content, std::uint64_t offset) {
    T value{};
    if (content.size() >= sizeof value && offset <= content.size() - sizeof value) {
        std::memcpy(&value, content.data() + offset, sizeof value);
    }
    return value;
}

/// The text from `offset` to the next NUL.
std::string text_at(const std::string& content, std::uint64_t offset) {
    return offset < content.size() ? content.substr(offset, content.find('\0', offset) - offset) : "";
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
    // TODO 1: is each of the two tables within the file?
    // TODO 2: the program headers: who is the interpreter?
    std::printf("interpreter %s\n", text_at(content, 0).empty() ? "?" : "none");
    // TODO 3: the section of type SHT_DYNAMIC: which libraries does it need?
    // TODO 4: fixed or relocatable?
    // TODO 5: the section headers: text, data, bss
    return 0;
}
