#include <fmt/core.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>

// True when a callee's variable lies above its caller's.
bool above(const int* of_the_caller) {
    int mine = 0;
    return std::less<>{}(of_the_caller, &mine);
}

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    std::array<int*, 5> blocks{};
    for (int*& block : blocks) {
        block = static_cast<int*>(std::malloc(sizeof(int)));
        if (block == nullptr) {
            fmt::print(stderr, "heap_growth: malloc returned NULL\n");
            return 1;
        }
        fmt::print("{}\n", static_cast<void*>(block));
    }
    int local = 0;
    const bool up = above(&local);
    fmt::print("heap grows {}\n", up ? "up" : "down");
}
