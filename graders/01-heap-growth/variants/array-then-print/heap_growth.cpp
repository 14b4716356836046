#include <fmt/core.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

int main() {
    std::vector<int*> blocks;
    for (int i = 0; i < 12; ++i) {
        int* block = static_cast<int*>(std::malloc(sizeof *block));
        if (!block) {
            std::fputs("heap_growth: out of memory\n", stderr);
            std::exit(1);
        }
        *block = i;
        blocks.push_back(block);
    }

    int up = 0;
    int down = 0;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        fmt::print("{}\n", static_cast<void*>(blocks[i]));
        std::fflush(stdout);
        if (i > 0) {
            const auto before = reinterpret_cast<std::uintptr_t>(blocks[i - 1]);
            const auto after = reinterpret_cast<std::uintptr_t>(blocks[i]);
            (after > before ? up : down) += 1;
        }
    }
    fmt::print("heap grows {}\n", up > down ? "up" : "down");
    std::fflush(stdout);
    for (int* block : blocks)
        std::free(block);
}
