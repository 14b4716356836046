#include <malloc.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

// Whether the block lies above the heap's end. In a program that has freed nothing every hole is known.
bool is_mapped(std::size_t size) {
    const auto block = reinterpret_cast<std::uintptr_t>(std::malloc(size));
    return block > reinterpret_cast<std::uintptr_t>(sbrk(0));
}

std::size_t search(std::size_t in_heap, std::size_t mapped) {
    if (mapped - in_heap == 1) {
        return mapped;
    }
    const std::size_t middle = in_heap + (mapped - in_heap) / 2;
    return is_mapped(middle) ? search(in_heap, middle) : search(middle, mapped);
}

}  // namespace

int main() {
    mallopt(M_TOP_PAD, 0);
    std::printf("threshold %zu\n", search(0, std::size_t{1} << 25U));
}
