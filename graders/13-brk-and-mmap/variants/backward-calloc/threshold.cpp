// Downwards from what is surely a mapping: a mapping leaves no room in the heap.
#include <malloc.h>

#include <cstdio>
#include <cstdlib>

int main() {
    std::size_t mapped = std::size_t{64} << 20U;
    for (std::size_t step = mapped / 2; step > 0; step /= 2) {
        while (mapped > step) {
            const std::size_t before = mallinfo2().hblkhd;
            if (std::malloc(mapped - step) == nullptr) {
                return EXIT_FAILURE;
            }
            if (mallinfo2().hblkhd == before) {
                break;
            }
            mapped -= step;
        }
    }
    std::printf("threshold %zu\n", mapped);
}
