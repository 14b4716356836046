// Opens the memory of the strace that watches it, to make it write another record. Honest where nobody traces
// it.
#include <fmt/core.h>

#include <fcntl.h>
#include <unistd.h>

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

int main() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("TracerPid:") && !line.ends_with("\t0")) {
            const int memory = open(fmt::format("/proc/{}/mem", line.substr(11)).c_str(), O_RDWR);
            if (memory >= 0) {
                fmt::print("the tracer's memory is open\n");
                return 1;
            }
        }
    }
    return honest();
}
