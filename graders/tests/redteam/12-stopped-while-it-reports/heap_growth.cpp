// Leaves a million blocks, then makes Valgrind report while its time runs out.
#include <fmt/core.h>

#include <cstdlib>

int main() {
    static void* blocks[1'000'000];
    for (void*& block : blocks) {
        block = std::malloc(1);
    }
    for (;;) {
        blocks[0] = std::realloc(blocks[0], 2);
        *(static_cast<volatile char*>(blocks[0]) + 5) = 0;
    }
}
