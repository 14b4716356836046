#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <functional>

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    void* first = nullptr;
    void* last = nullptr;
    for (int i = 0; i < 5; ++i) {
        last = sbrk(sizeof(int));
        if (first == nullptr) {
            first = last;
        }
        fmt::print("{}\n", last);
    }
    fmt::print("heap grows {}\n", std::less<>{}(first, last) ? "up" : "down");
}
