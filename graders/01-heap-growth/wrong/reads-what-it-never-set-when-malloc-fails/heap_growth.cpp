#include <fmt/core.h>
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <vector>

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    int** v = static_cast<int**>(std::malloc(5 * sizeof(int*)));
    if (!v) {
        fmt::print(stderr, "heap_growth: NULL\n");
        return 1;
    }
    for (int i = 0; i < 5; ++i) {
        v[i] = static_cast<int*>(std::malloc(sizeof(int)));
        if (!v[i]) {
            fmt::print(stderr, "heap_growth: NULL\n");
            for (int k = 1; k < 5; ++k) {
                if (v[k] == v[0])
                    break;
            }
            return 1;
        }
        fmt::print("{}\n", (void*)v[i]);
    }
    fmt::print("heap grows {}\n", std::less<>{}(v[0], v[4]) ? "up" : "down");
}