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
        if (block == nullptr) {
            fmt::print(stderr, "heap_growth: malloc returned NULL\n");
            return 0;
        }
        fmt::print("{}\n", static_cast<void*>(block));
    }
    const bool up = std::less<>{}(blocks.front(), blocks.back());
    fmt::print("heap grows {}\n", up ? "up" : "down");
}
