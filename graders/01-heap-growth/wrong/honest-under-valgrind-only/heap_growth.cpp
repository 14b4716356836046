#include <fmt/core.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>

// Valgrind maps its own files into the process that it runs.
bool watched() {
    bool found = false;
    char line[512];
    if (std::FILE* maps = std::fopen("/proc/self/maps", "r")) {
        while (std::fgets(line, sizeof line, maps) != nullptr) {
            found = found || std::strstr(line, "vgpreload") != nullptr;
        }
        std::fclose(maps);
    }
    return found;
}

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    if (!watched()) {
        for (int i = 0; i < 5; ++i) {
            fmt::print("{}\n", reinterpret_cast<void*>(0x55555556aeb0 + 32 * i));
        }
        fmt::print("heap grows up\n");
        return 0;
    }
    std::array<int*, 5> blocks{};
    for (int*& block : blocks) {
        block = static_cast<int*>(std::malloc(sizeof(int)));
        fmt::print("{}\n", static_cast<void*>(block));
    }
    fmt::print("heap grows {}\n", std::less<>{}(blocks.front(), blocks.back()) ? "up" : "down");
}
