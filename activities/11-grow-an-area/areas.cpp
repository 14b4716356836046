// Activity 11: make one area of a process grow, and no other. Your work: the three TODOs.
#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#ifndef TEXT_KIB
#define TEXT_KIB 0
#endif
#ifndef RODATA_KIB
#define RODATA_KIB 0
#endif
#ifndef DATA_KIB
#define DATA_KIB 0
#endif
#ifndef BSS_KIB
#define BSS_KIB 0
#endif

#define AS_TEXT(x) #x
#define VALUE_AS_TEXT(x) AS_TEXT(x)

namespace {

constexpr std::size_t kibibyte = 1024;

// TODO 1: something in each of .rodata, .data and .bss that grows with its macro
void code() {
    // and code that grows with TEXT_KIB; VALUE_AS_TEXT(TEXT_KIB) is its value as a text
}

struct Options {
    std::size_t heap = 0;   // KiB
    std::size_t stack = 0;  // KiB
};

[[noreturn]] void usage() {
    fmt::print(stderr, "usage: areas [--heap KIB] [--stack KIB]\n");
    std::exit(2);
}

std::size_t number(const char* text) {
    char* end = nullptr;
    const std::size_t value = text != nullptr ? std::strtoul(text, &end, 10) : 0;
    if (text == nullptr || *text < '0' || *text > '9' || *end != '\0') {
        usage();
    }
    return value;
}

Options parse(char** argv) {
    Options options;
    while (*++argv != nullptr) {
        const std::string_view word = *argv;
        if (word == "--heap") {
            options.heap = number(*++argv);
        } else if (word == "--stack") {
            options.stack = number(*++argv);
        } else {
            usage();
        }
    }
    return options;
}

/// Takes so much memory from malloc, in [heap]. Returns the address of a block.
void* take_heap(std::size_t kibibytes) {
    void* block = std::malloc(kibibytes * kibibyte + 1);  // TODO 2: is that in [heap]?
    if (block == nullptr) {
        fmt::print(stderr, "areas: malloc returned NULL\n");
        std::exit(1);
    }
    return block;
}

/// Uses so much stack. Returns the address of a local variable in the deepest frame, as a number.
std::uintptr_t use_stack(std::size_t kibibytes) {
    volatile unsigned char here = 1;
    (void)kibibytes;  // TODO 3
    return reinterpret_cast<std::uintptr_t>(&here);
}

void print_address(const char* area, std::uintptr_t address) {
    fmt::print("{} {:#x}\n", area, address);
}

}  // namespace

int main(int /*argc*/, char** argv) {
    const Options options = parse(argv);
    void* block = take_heap(options.heap);
    const std::uintptr_t deepest = use_stack(options.stack);
    print_address("text", reinterpret_cast<std::uintptr_t>(&code));
    // TODO 1: rodata, data, bss
    print_address("heap", reinterpret_cast<std::uintptr_t>(block));
    print_address("stack", deepest);
    std::fflush(stdout);
    for (int c = 0; c != EOF && c != '\n';) {
        c = std::getchar();
    }
    std::free(block);
    return 0;
}
