#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    int status = 0;
    std::thread([&status] {
        int* first = nullptr;
        int* last = nullptr;
        for (int i = 0; i < 5; ++i) {
            last = static_cast<int*>(std::malloc(sizeof(int)));
            if (last == nullptr) {
                fmt::print(stderr, "heap_growth: malloc returned NULL\n");
                status = 1;
                return;
            }
            if (first == nullptr) {
                first = last;
            }
            fmt::print("{}\n", static_cast<void*>(last));
        }
        fmt::print("heap grows {}\n", std::less<>{}(first, last) ? "up" : "down");
    }).join();
    return status;
}
