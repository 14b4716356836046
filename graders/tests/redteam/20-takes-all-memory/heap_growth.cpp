// Takes memory, and touches it, until there is no more.
#include <fmt/core.h>

#include <cstdlib>
#include <cstring>

int main() {
    constexpr std::size_t piece = 16U << 20U;
    for (;;) {
        std::memset(std::malloc(piece), 1, piece);
    }
}
