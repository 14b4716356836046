// Opens its own descriptors again through /proc and writes to them: not the report, which is a socket, but a
// pipe that Valgrind keeps for itself.
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
    for (int number = 3; number < 1100; ++number) {
        if (const int file = open(fmt::format("/proc/self/fd/{}", number).c_str(), O_WRONLY | O_NONBLOCK);
            file >= 0) {
            (void)!write(file, "<error><forged/></error>\n", 25);
        }
    }
    return honest();
}
