#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <functional>

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    int locals[5];
    for (int& local : locals) {
        if (std::malloc(sizeof(int)) == nullptr) {
            fmt::print(stderr, "heap_growth: malloc returned NULL\n");
            return 1;
        }
        fmt::print("{}\n", static_cast<void*>(&local));
    }
    fmt::print("heap grows {}\n", std::less<>{}(locals, locals + 4) ? "up" : "down");
}
