// Forks: the child allocates, leaks and ends by itself; the verdict is on the first process.
#include <fmt/core.h>

#include <sys/wait.h>
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
    if (const pid_t child = fork(); child == 0) {
        for (int i = 0; i < 100; ++i) {
            (void)!std::malloc(100);
        }
        _exit(3);
    } else {
        waitpid(child, nullptr, 0);
    }
    return honest();
}
