#include <fmt/core.h>

#include <cstddef>
#include <cstdio>
#include <functional>

alignas(16) static char pool[1 << 20];
static std::size_t used = 0;

extern "C" void* malloc(std::size_t size) {
    void* block = pool + used;
    used += (size + 15) / 16 * 16;
    return block;
}
extern "C" void free(void*) {}

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    void* first = nullptr;
    void* last = nullptr;
    for (int i = 0; i < 5; ++i) {
        last = malloc(sizeof(int));
        if (first == nullptr) {
            first = last;
        }
        fmt::print("{}\n", last);
    }
    fmt::print("heap grows {}\n", std::less<>{}(first, last) ? "up" : "down");
}
