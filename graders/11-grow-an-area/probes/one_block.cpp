// For answers.toml: prints the address of a block of 1 MiB and waits for a line of input.

#include <cstdio>
#include <cstdlib>

int main() {
    void* block = std::malloc(1U << 20U);
    if (block == nullptr) {
        return 1;
    }
    std::printf("%p\n", block);
    std::fflush(stdout);
    for (int c = 0; c != EOF && c != '\n';) {
        c = std::getchar();
    }
    std::free(block);
    return 0;
}
