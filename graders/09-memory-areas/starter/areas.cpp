// Activity 9: where do a program's things lie? Your work: the five TODOs.
#include <fmt/core.h>

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
        // TODO 1: a Mapping from each line
    }
    return mappings;
}

std::vector<Mapping> own_mappings() {
    std::ifstream file("/proc/self/maps");
    return read_mappings(file);
}

/// The mapping that holds the address; null: none does.
const Mapping* find(const std::vector<Mapping>& mappings, std::uintptr_t address) {
    // TODO 2
    (void)mappings, (void)address;
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
    // TODO 3: over all of own_mappings() but [vsyscall]
    const std::uintptr_t bytes = 0;
    const std::size_t count = 0;
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
    // TODO 4: for all addresses
    const std::vector<Mapping> mappings = read_mappings(std::cin);
    const std::uintptr_t address = parse_address(*arguments);
    fmt::print("{:#x} ", address);
    print_mapping(find(mappings, address));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1) {
        tell_of_others(argv + 1);
        return 0;
    }
    int local = 0;
    tell("text", reinterpret_cast<void*>(&main));
    // TODO 5: rodata, data, bss, heap, mmap, library
    tell("stack", &local);
    // and vdso
    tell_size();
    std::fflush(stdout);
    for (int c = 0; c != EOF && c != '\n';) {
        c = std::getchar();
    }
    return 0;
}
