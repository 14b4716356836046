#include <fmt/core.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

// Returns 1 when the heap grows up, -1 when it grows down.
int measure(std::uintptr_t previous, int remaining) {
    void* block = std::malloc(sizeof(int));
    if (block == nullptr) {
        fmt::print(stderr, "heap_growth: malloc gave NULL with {} blocks to go\n", remaining);
        std::fflush(stdout);
        std::_Exit(1);
    }
    const auto address = reinterpret_cast<std::uintptr_t>(block);
    fmt::print("0x{:X}\n", address);
    std::fflush(stdout);
    const int direction = remaining > 1 ? measure(address, remaining - 1) : (address > previous ? 1 : -1);
    std::free(block);
    return direction;
}

int main() {
    const int direction = measure(0, 5);
    fmt::print("heap grows {}\n", direction > 0 ? "up" : "down");
}
