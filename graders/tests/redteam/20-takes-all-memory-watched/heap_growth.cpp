// The same under Valgrind.
#include <fmt/core.h>

#include <cstdlib>

int main() {
    constexpr std::size_t piece = 64U << 20U;
    for (;;) {
        void* block = std::calloc(piece, 1);
        if (block == nullptr) {
            return 1;
        }
        for (std::size_t i = 0; i < piece; i += 4096) {
            static_cast<char*>(block)[i] = 1;
        }
    }
}
