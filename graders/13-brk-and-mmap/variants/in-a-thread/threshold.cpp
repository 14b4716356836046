// Bit 1 of the size field, which lies before a block, says that it is a mapping.
#include <malloc.h>

#include <cstdio>
#include <cstdlib>

namespace {

bool is_mapped(std::size_t size) {
    const auto* block = static_cast<std::size_t*>(std::calloc(size, 1));
    return block != nullptr && (block[-1] & 2U) != 0;
}

}  // namespace

int main() {
    mallopt(M_TOP_PAD, 0);
    std::size_t known = 0;
    for (std::size_t step = std::size_t{1} << 25U; step > 0; step /= 2) {
        if (!is_mapped(known + step)) {
            known += step;
        }
    }
    std::printf("threshold %zu\n", known + 1);
}
