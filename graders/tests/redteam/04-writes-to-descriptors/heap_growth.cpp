// Writes to every descriptor that it has, and to those of its parents that it can open.
#include <fmt/core.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
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

void scribble(const std::string& folder) {
    for (int number = 3; number < 1100; ++number) {
        const int file = open(fmt::format("{}/{}", folder, number).c_str(), O_WRONLY | O_NONBLOCK | O_TRUNC);
        if (file >= 0) {
            (void)!write(file, "<error><forged/></error>\n", 25);
        }
    }
}

int main() {
    for (int number = 3; number < 1100; ++number) {
        (void)!write(number, "<error><forged/></error>\n", 25);
    }
    scribble(fmt::format("/proc/{}/fd", getppid()));
    scribble("/proc/1/fd");
    if (const int file = open("@RESULTS@/honest.json", O_WRONLY | O_CREAT | O_TRUNC, 0666); file >= 0) {
        (void)!write(file, "{}", 2);
        return 1;  // it reached the results: the check fails
    }
    return honest();
}
