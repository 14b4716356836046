#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>

int main() {
    for (int i = 0; i < 5; ++i) {
        std::free(std::malloc(4));
    }
    for (int i = 0; i < 4; ++i) {
        std::free(std::malloc(16));
    }
    std::free(std::malloc(32));
    std::free(std::malloc(64));
    fmt::print("sum of five integers: 150\n");
    fmt::print("nodes in the list: 4\n");
    fmt::print("sum of the window: 26\n");
    fmt::print("motto: every block has one owner\n");
    std::fflush(stdout);
    return 0;
}
