#include <dlfcn.h>
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
extern "C" void* malloc(std::size_t n) {
    static auto next = reinterpret_cast<void* (*)(std::size_t)>(dlsym(RTLD_NEXT, "malloc"));
    return next(n);
}

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);

    std::vector<int*> v;
    v.reserve(64);
    for (int i = 0; i < 5; ++i) {
        int* b = static_cast<int*>(std::malloc(sizeof(int)));
        if (b == nullptr) {
            fmt::print(stderr, "heap_growth: malloc returned NULL\n");
            return 1;
        }
        v.push_back(b);
        fmt::print("{}\n", (void*)b);
    }
    fmt::print("heap grows {}\n", std::less<>{}(v.front(), v.back()) ? "up" : "down");
    for (int* b : v)
        std::free(b);

    return 0;
}
