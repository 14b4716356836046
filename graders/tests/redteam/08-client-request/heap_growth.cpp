// Tells Memcheck by a client request that a block is free.
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <functional>

int honest() {
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

int main() {
    unsigned long request[6] = {0x1302, 0, 0, 0, 0, 0};
    unsigned long result = 0;
    asm volatile("rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi; xchgq %%rbx, %%rbx"
                 : "=d"(result)
                 : "a"(request), "0"(result)
                 : "cc", "memory");
    return honest();
}
