#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <vector>

struct Free {
    void operator()(int* block) const { std::free(block); }
};
using Block = std::unique_ptr<int, Free>;

Block allocate() {
    Block block(static_cast<int*>(std::malloc(sizeof(int))));
    if (block == nullptr)
        throw std::bad_alloc();
    return block;
}

int main() try {
    std::vector<Block> blocks;
    blocks.reserve(6);
    while (blocks.size() < 6) {
        blocks.push_back(allocate());
        fmt::print("{}\n", static_cast<void*>(blocks.back().get()));
        std::fflush(stdout);
    }
    const bool up = std::less<int*>{}(blocks.front().get(), blocks.back().get());
    fmt::print("heap grows {}\n", up ? "up" : "down");
    std::fflush(stdout);
    return 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "heap_growth: malloc failed: {}\n", error.what());
    return 1;
}
