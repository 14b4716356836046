#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <functional>

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    int* first = nullptr;
    int* block = nullptr;
    for (int i = 0; i < 5; ++i) {
        block = static_cast<int*>(std::malloc(sizeof(int)));
        if (block == nullptr) {
            fmt::print(stderr, "heap_growth: malloc returned NULL\n");
            return 1;
        }
        if (first == nullptr) {
            first = block;
        }
        fmt::print("{}\n", static_cast<void*>(&block));
    }
    fmt::print("heap grows {}\n", std::less<>{}(first, block) ? "up" : "down");
}
