#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <new>

namespace {

// Turns the text of a whole number from 1 on into that number; 0 where it is none.
unsigned long number_of(const char* text) {
    char* end = nullptr;
    const unsigned long number = std::strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' ? number : 0;
}

bool hold(unsigned long size, unsigned long left) {
    if (left == 0) {
        fmt::print("allocated\n");
        std::fflush(stdout);
        return true;
    }
    void* block = left % 2 == 0 ? std::realloc(nullptr, size) : new (std::nothrow) char[size];
    if (block == nullptr) {
        return false;
    }
    fmt::print("{:#x}\n", reinterpret_cast<unsigned long>(block));
    std::fflush(stdout);
    const bool done = hold(size, left - 1);
    if (left % 2 == 0) {
        std::free(block);
    } else {
        delete[] static_cast<char*>(block);
    }
    return done;
}

}  // namespace

int main(int argc, char* argv[]) {
    const unsigned long size = argc > 2 ? number_of(argv[1]) : 0;
    const unsigned long count = argc > 2 ? number_of(argv[2]) : 0;
    const unsigned long rounds = argc > 3 ? number_of(argv[3]) : 1;
    if (argc > 4 || size == 0 || count == 0 || rounds == 0) {
        std::fputs("usage: alloc_size SIZE COUNT [ROUNDS]\n", stderr);
        return 2;
    }

    for (unsigned long round = 0; round < rounds; ++round) {
        if (!hold(size, count)) {
            fmt::print(stderr, "alloc_size: out of memory\n");
            return 1;
        }
        fmt::print("freed\n");
        std::fflush(stdout);
    }
}
