#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    int* block = static_cast<int*>(std::malloc(5 * sizeof(int)));
    if (block == nullptr) {
        fmt::print(stderr, "heap_growth: malloc returned NULL\n");
        return 1;
    }
    for (int i = 0; i < 5; ++i) {
        fmt::print("{}\n", static_cast<void*>(block + i));
    }
    fmt::print("heap grows {}\n", block < block + 4 ? "up" : "down");
}
