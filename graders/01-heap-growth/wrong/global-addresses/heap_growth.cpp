#include <fmt/core.h>

#include <cstdio>

int blocks[5];

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    for (int& block : blocks) {
        fmt::print("{}\n", static_cast<void*>(&block));
    }
    fmt::print("heap grows {}\n", &blocks[0] < &blocks[4] ? "up" : "down");
}
