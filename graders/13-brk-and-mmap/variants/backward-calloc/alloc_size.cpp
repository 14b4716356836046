#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

// Turns the text of a whole number from 1 on into that number; 0 where it is none.
unsigned long number_of(const char* text) {
    char* end = nullptr;
    const unsigned long number = std::strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' ? number : 0;
}

}  // namespace

int main(int argc, char* argv[]) {
    const unsigned long size = argc > 2 ? number_of(argv[1]) : 0;
    const unsigned long count = argc > 2 ? number_of(argv[2]) : 0;
    const unsigned long rounds = argc > 3 ? number_of(argv[3]) : 1;
    if (argc > 4 || size == 0 || count == 0 || rounds == 0) {
        std::fputs("usage: alloc_size SIZE COUNT [ROUNDS]\n", stderr);
        return 2;
    }

    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    for (unsigned long round = 0; round < rounds; ++round) {
        std::vector<void*> blocks;
        while (blocks.size() < count) {
            void* block = std::calloc(1, size);
            if (block == nullptr) {
                std::perror("alloc_size");
                std::exit(1);
            }
            blocks.push_back(block);
            std::printf("0x%016lX\n", reinterpret_cast<std::uintptr_t>(block));
        }
        std::puts("allocated");
        while (!blocks.empty()) {
            std::free(blocks.back());
            blocks.pop_back();
        }
        std::puts("freed");
    }
    return 0;
}
