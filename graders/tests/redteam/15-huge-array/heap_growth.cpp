// An array of 256 MiB with a value in it, which the executable would have to hold.
#include <fmt/core.h>

char huge[1 << 28] = {1};

int main() {
    return huge[0];
}
