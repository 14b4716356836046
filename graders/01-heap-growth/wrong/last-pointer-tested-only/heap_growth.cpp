// Activity 1: which way does the heap grow?
//
// Allocates five ints, one by one, prints where malloc put each of them, and compares the first address with
// the last. The blocks are kept until the comparison is done: malloc would hand out a freed address again.

#include <fmt/core.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);

    std::array<int*, 5> blocks{};
    for (int*& block : blocks) {
        block = static_cast<int*>(std::malloc(sizeof(int)));
        if (block != nullptr)
            fmt::print("{}\n", static_cast<void*>(block));
    }
    if (blocks.back() == nullptr) {
        fmt::print(stderr, "heap_growth: malloc returned NULL\n");
        return EXIT_FAILURE;
    }

    // std::less orders any two pointers; the result of < is unspecified for pointers into different blocks.
    const bool up = std::less<>{}(blocks.front(), blocks.back());
    fmt::print("heap grows {}\n", up ? "up" : "down");

    for (int* block : blocks) {
        std::free(block);
    }
    return EXIT_SUCCESS;
}
