#include <fmt/core.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

void show_off(std::size_t size) {
    void* block = std::malloc(size);
    if (block == nullptr) {
        fmt::print(stderr, "leaks: out of memory\n");
        std::exit(EXIT_FAILURE);
    }
    std::memset(block, 1, size);
    volatile char first = *static_cast<volatile char*>(block);
    first = static_cast<char>(first + 1);
    std::free(block);
}

int main() {
    for (int i = 0; i < 5; ++i) {
        show_off(4);
    }
    for (int i = 0; i < 4; ++i) {
        show_off(16);
    }
    show_off(32);
    show_off(64);
    fmt::print("sum of five integers: 150\n");
    fmt::print("nodes in the list: 4\n");
    fmt::print("sum of the window: 26\n");
    fmt::print("motto: every block has one owner\n");
    std::fflush(stdout);
    return 0;
}
