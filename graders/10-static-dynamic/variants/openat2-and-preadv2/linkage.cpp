#include <elf.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

[[noreturn]] void complain(const char* file, const char* what) {
    (void)file;
    (void)what;
    std::fputs("linkage", stderr);
    std::exit(1);
}

std::string read_file(const char* path) {
    struct open_how how {};
    how.flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
    int file = static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how));
    if (file < 0 && errno == ENOSYS) {  // an old kernel, or Valgrind
        file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    }
    if (file < 0) {
        complain(path, "");
    }
    struct statx facts {};
    if (statx(file, "", AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE, &facts) != 0 || !S_ISREG(facts.stx_mode)) {
        complain(path, "");
    }
    std::string content(facts.stx_size, '\0');
    std::size_t have = 0;
    while (have < content.size()) {
        struct iovec both[2] = {{&content[have], 1}, {&content[have] + 1, content.size() - have - 1}};
        const ssize_t now = preadv2(file, both, 2, static_cast<off_t>(have), 0);
        if (now <= 0) {
            complain(path, "");
        }
        have += static_cast<std::size_t>(now);
    }
    close(file);
    return content;
}

template <class T>
T take(const std::string& content, std::uint64_t offset) {
    T value{};
    if (content.size() >= sizeof value && offset <= content.size() - sizeof value) {
        std::memcpy(&value, content.data() + offset, sizeof value);
    }
    return value;
}

std::string text_at(const std::string& content, std::uint64_t offset) {
    return offset < content.size() ? content.substr(offset, content.find('\0', offset) - offset) : "";
}

bool within(const std::string& content, std::uint64_t offset, std::uint64_t count, std::uint64_t each) {
    const std::uint64_t bytes = count * each;
    return bytes == 0 || (bytes <= content.size() && offset <= content.size() - bytes);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "?");
        return 2;
    }
    const std::string content = read_file(argv[1]);
    const auto header = take<Elf64_Ehdr>(content, 0);
    if (content.size() < sizeof header) {
        complain(argv[1], "too short");
    }
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
        complain(argv[1], "no ELF file");
    }
    if (header.e_ident[EI_CLASS] != ELFCLASS64) {
        complain(argv[1], "not 64-bit");
    }
    if (!within(content, header.e_phoff, header.e_phnum, header.e_phentsize)) {
        complain(argv[1], "program headers are not within the file");
    }
    if (!within(content, header.e_shoff, header.e_shnum, header.e_shentsize)) {
        complain(argv[1], "section headers are not within the file");
    }
    std::string interpreter = "none";
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        const auto segment =
            take<Elf64_Phdr>(content, header.e_phoff + std::uint64_t{i} * header.e_phentsize);
        if (segment.p_type == PT_INTERP) {
            interpreter = text_at(content, segment.p_offset);
            break;
        }
    }
    std::printf("interpreter %s\n", interpreter.c_str());
    std::uint64_t text = 0;
    std::uint64_t data = 0;
    std::uint64_t bss = 0;
    for (unsigned i = 0; i < header.e_shnum; ++i) {
        const auto section =
            take<Elf64_Shdr>(content, header.e_shoff + std::uint64_t{i} * header.e_shentsize);
        if (section.sh_type == SHT_DYNAMIC && section.sh_link < header.e_shnum) {
            const auto names = take<Elf64_Shdr>(
                content, header.e_shoff + std::uint64_t{section.sh_link} * header.e_shentsize);
            for (std::uint64_t k = 0; k < section.sh_size / sizeof(Elf64_Dyn) && k < content.size(); ++k) {
                const auto entry = take<Elf64_Dyn>(content, section.sh_offset + k * sizeof(Elf64_Dyn));
                if (entry.d_tag == DT_NULL) {
                    break;
                }
                if (entry.d_tag == DT_NEEDED) {
                    std::printf("needs %s\n", text_at(content, names.sh_offset + entry.d_un.d_val).c_str());
                }
            }
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
    std::printf("addresses %s\n", header.e_type == ET_EXEC ? "fixed" : "relocatable");
    std::printf("text %lu data %lu bss %lu\n", text, data, bss);
    return 0;
}
