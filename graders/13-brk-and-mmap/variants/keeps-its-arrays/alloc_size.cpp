#include <cstdio>
#include <cstdlib>

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

    void** blocks = static_cast<void**>(std::calloc(count, sizeof(void*)));
    for (unsigned long round = 0; blocks != nullptr && round < rounds; ++round) {
        for (unsigned long i = 0; i < count; ++i) {
            blocks[i] = std::malloc(size);
            if (blocks[i] == nullptr) {
                std::fprintf(stderr, "alloc_size: block %lu: no memory\n", i + 1);
                std::quick_exit(1);
            }
            std::printf("%p\n", blocks[i]);
            std::fflush(stdout);
        }
        std::puts("allocated");
        std::fflush(stdout);
        for (unsigned long first = 0; first < 2; ++first) {
            for (unsigned long i = first; i < count; i += 2) {
                std::free(blocks[i]);
            }
        }
        std::puts("freed");
        std::fflush(stdout);
    }
    if (blocks == nullptr) {
        std::perror("alloc_size");
        return 1;
    }
    std::free(blocks);
}
