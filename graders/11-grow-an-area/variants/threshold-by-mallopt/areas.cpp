#include <fmt/core.h>

#include <malloc.h>

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

const unsigned char constants[RODATA_KIB * kibibyte + 1] = {1};
unsigned char variables[DATA_KIB * kibibyte + 1] = {1};
unsigned char zeros[BSS_KIB * kibibyte + 1];

void code() {
    asm volatile(".fill " VALUE_AS_TEXT(TEXT_KIB) " * 1024, 1, 0x90");
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

/// A piece of the heap, which knows the one before it.
struct Piece {
    Piece* before;
    char rest[kibibyte - sizeof(Piece*)];
};

/// Takes so many pieces, and one more: there has to be one to tell of.
Piece* take_heap(std::size_t kibibytes) {
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    Piece* last = nullptr;
    for (std::size_t i = 0; i < 1; ++i) {
        auto* piece = static_cast<Piece*>(std::malloc(kibibytes * kibibyte + sizeof(Piece)));
        if (piece == nullptr) {
            fmt::print(stderr, "areas: malloc returned NULL\n");
            std::exit(1);
        }
        piece->before = last;
        last = piece;
    }
    return last;
}

/// Uses so much stack, a KiB and more for each frame. Returns where the deepest lay, as a number: a pointer
/// to a local variable is worth nothing when the function has returned.
std::uintptr_t use_stack(std::size_t kibibytes) {
    volatile unsigned char frame[kibibyte];
    frame[0] = 1;
    if (kibibytes > 0) {
        return use_stack(kibibytes - 1);
    }
    return reinterpret_cast<std::uintptr_t>(&frame[0]);
}

void print_address(const char* area, std::uintptr_t address) {
    fmt::print("{} {:#x}\n", area, address);
}

}  // namespace

int main(int /*argc*/, char** argv) {
    const Options options = parse(argv);
    Piece* last = take_heap(options.heap);
    const std::uintptr_t deepest = use_stack(options.stack);
    print_address("text", reinterpret_cast<std::uintptr_t>(&code));
    print_address("rodata", reinterpret_cast<std::uintptr_t>(&constants[0]));
    print_address("data", reinterpret_cast<std::uintptr_t>(&variables[0]));
    print_address("bss", reinterpret_cast<std::uintptr_t>(&zeros[0]));
    print_address("heap", reinterpret_cast<std::uintptr_t>(last));
    print_address("stack", deepest);
    std::fflush(stdout);
    for (int c = 0; c != EOF && c != '\n';) {
        c = std::getchar();
    }
    while (last != nullptr) {
        Piece* before = last->before;
        std::free(last);
        last = before;
    }
    return 0;
}
