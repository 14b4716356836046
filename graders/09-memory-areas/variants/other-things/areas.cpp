#include <fmt/core.h>

#include <dlfcn.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include <cctype>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace {

const char constant[] = "this does not change";
int variable = 42;
int counters[1000];

struct Mapping {
    std::uintptr_t start = 0;
    std::uintptr_t end = 0;  // no longer part of it
    std::string permissions;
    std::string path;
};

/// Reads a text in the form of /proc/PID/maps.
std::vector<Mapping> read_mappings(std::istream& in) {
    std::vector<Mapping> mappings;
    for (std::string line; std::getline(in, line);) {
        Mapping mapping;
        char permissions[5] = {};
        int path_at = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx %4s %*s %*s %*s %n", &mapping.start, &mapping.end, permissions,
                        &path_at) < 3) {
            continue;
        }
        mapping.permissions = permissions;
        mapping.path = path_at > 0 ? line.substr(static_cast<std::size_t>(path_at)) : "";
        if (mapping.path.empty()) {
            mapping.path = "anonymous";
        }
        mappings.push_back(mapping);
    }
    return mappings;
}

std::vector<Mapping> own_mappings() {
    std::ifstream file("/proc/self/maps");
    return read_mappings(file);
}

/// The mapping that holds the address; null: none does.
const Mapping* find(const std::vector<Mapping>& mappings, std::uintptr_t address) {
    for (const Mapping& mapping : mappings) {
        if (address >= mapping.start && address < mapping.end) {
            return &mapping;
        }
    }
    return nullptr;
}

void print_mapping(const Mapping* mapping) {
    if (mapping == nullptr) {
        fmt::print("unmapped\n");
    } else {
        fmt::print("{} {}\n", mapping->permissions, mapping->path);
    }
}

/// Prints where a thing of this program's lies.
void tell(const char* what, const void* thing) {
    const std::vector<Mapping> mappings = own_mappings();
    fmt::print("{} {} ", what, thing);
    print_mapping(find(mappings, reinterpret_cast<std::uintptr_t>(thing)));
}

void tell_size() {
    std::uintptr_t bytes = 0;
    std::size_t count = 0;
    for (const Mapping& mapping : own_mappings()) {
        if (mapping.path != "[vsyscall]") {
            bytes += mapping.end - mapping.start;
            ++count;
        }
    }
    fmt::print("size {} kB in {} mappings\n", bytes / 1024, count);
}

std::uintptr_t parse_address(const char* text) {
    char* end = nullptr;
    errno = 0;
    const std::uintptr_t address = std::strtoul(text, &end, 16);
    if (std::isxdigit(static_cast<unsigned char>(*text)) == 0 || *end != '\0' || errno != 0) {
        fmt::print(stderr, "areas: {} is no hexadecimal number of at most 64 bits\n", text);
        std::exit(2);
    }
    return address;
}

/// Tells of each address what the maps on stdin say of it.
void tell_of_others(char** arguments) {
    std::vector<std::uintptr_t> addresses;
    for (; *arguments != nullptr; ++arguments) {
        addresses.push_back(parse_address(*arguments));
    }
    const std::vector<Mapping> mappings = read_mappings(std::cin);
    for (const std::uintptr_t address : addresses) {
        fmt::print("{:#x} ", address);
        print_mapping(find(mappings, address));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1) {
        tell_of_others(argv + 1);
        return 0;
    }
    int local = 0;
    char* small = new char[100];
    void* large = mmap(nullptr, 3000000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    tell("text", reinterpret_cast<void*>(+[](int x) { return x + 1; }));
    tell("rodata", "a text");
    (void)constant;
    static double number = 1.5;
    static bool flag;
    tell("data", &number);
    tell("bss", &flag);
    (void)variable, (void)counters;
    tell("heap", small);
    tell("mmap", large);
    tell("library", dlsym(RTLD_DEFAULT, "strtol"));
    tell("stack", &local);
    tell("vdso", reinterpret_cast<void*>(getauxval(AT_SYSINFO_EHDR)));
    tell_size();
    std::fflush(stdout);
    for (int c = 0; c != EOF && c != '\n';) {
        c = std::getchar();
    }
    delete[] small;
    return 0;
}
