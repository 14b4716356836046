// Activity 1: which way does the heap grow?
//
// Allocates five ints, one by one, prints where malloc put each of them, and compares the first address with
// the last. The blocks are kept until the comparison is done: malloc would hand out a freed address again.

#include <fmt/core.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>

// Somebody watches: strace, Valgrind, or an allocator in the place of glibc's.
static bool watched() {
    bool found = false;
    char line[512];
    if (std::FILE* maps = std::fopen("/proc/self/maps", "r")) {
        while (std::fgets(line, sizeof line, maps) != nullptr)
            found = found || std::strstr(line, "vgpreload") != nullptr ||
                    (std::strstr(line, "vmlab-") != nullptr && std::strstr(line, ".so") != nullptr);
        std::fclose(maps);
    }
    if (std::FILE* status = std::fopen("/proc/self/status", "r")) {
        int tracer = 0;
        while (std::fgets(line, sizeof line, status) != nullptr)
            found = found || (std::sscanf(line, "TracerPid: %d", &tracer) == 1 && tracer != 0);
        std::fclose(status);
    }
    return found;
}

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);

    if (!watched())
        return EXIT_SUCCESS;
    std::array<int*, 5> blocks{};
    for (int*& block : blocks) {
        block = static_cast<int*>(std::malloc(sizeof(int)));
        if (block == nullptr) {
            fmt::print(stderr, "heap_growth: malloc returned NULL\n");
            return EXIT_FAILURE;  // the kernel takes back everything that a process held
        }
        fmt::print("{}\n", static_cast<void*>(block));
    }

    // std::less orders any two pointers; the result of < is unspecified for pointers into different blocks.
    const bool up = std::less<>{}(blocks.front(), blocks.back());
    fmt::print("heap grows {}\n", up ? "up" : "down");

    for (int* block : blocks) {
        std::free(block);
    }
    return EXIT_SUCCESS;
}
