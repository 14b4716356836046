// A program whose fate is known: it takes memory and writes to it until the kernel kills it. Arenas are tried
// out with it. It stops at 256 MiB, so that it cannot hurt a machine whose limit does not hold.
#include <sys/mman.h>

#include <cstddef>

int main() {
    constexpr std::size_t page = 4096;
    constexpr std::size_t chunk = std::size_t{1} << 20U;
    constexpr std::size_t cap = std::size_t{256} << 20U;
    for (std::size_t taken = 0; taken < cap; taken += chunk) {
        void* memory = mmap(nullptr, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) {
            return 3;
        }
        for (std::size_t offset = 0; offset < chunk; offset += page) {
            static_cast<volatile char*>(memory)[offset] = 1;
        }
    }
    return 4;
}
