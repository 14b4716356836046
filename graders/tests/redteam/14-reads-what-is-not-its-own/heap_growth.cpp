// Tries to read results, other submissions, passwords and the homes of others.
#include <fmt/core.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>

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

int main() {
    for (const char* path :
         {"@NEIGHBOUR@/01-heap-growth/heap_growth.cpp", "@RESULTS@/honest.json",
          "@SOURCE@/graders/01-heap-growth/solution/heap_growth.cpp", "@SOURCE@/README.md", "/etc/passwd",
          "/etc/shadow", "/root/.bashrc", "/proc/1/environ", "/proc/1/mem"}) {
        if (open(path, O_RDONLY) >= 0) {
            fmt::print("readable: {}\n", path);
            return 1;
        }
    }
    return honest();
}
