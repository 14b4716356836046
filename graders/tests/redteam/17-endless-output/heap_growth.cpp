// Prints without end.
#include <fmt/core.h>

#include <cstdio>

int main() {
    for (;;) {
        std::puts(
            "0x4d8fc80 and so on, and so on, and so on, and so on, and so on, and so on, and so on, and so "
            "on");
    }
}
