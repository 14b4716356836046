#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

namespace {

// Turns the text of a whole number from 1 on into that number; 0 where it is none.
unsigned long number_of(const char* text) {
    char* end = nullptr;
    const unsigned long number = std::strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' ? number : 0;
}

void round(unsigned long size, unsigned long count) {
    std::vector<std::vector<char>> blocks(count);
    for (auto& block : blocks) {
        block.reserve(size);
        std::cout << static_cast<const void*>(block.data()) << '\n' << std::flush;
    }
    std::cout << "allocated\n" << std::flush;
}

}  // namespace

int main(int argc, char* argv[]) {
    std::set_terminate([] {
        std::fputs("alloc_size: no memory for the next block\n", stderr);
        std::_Exit(1);
    });
    const unsigned long size = argc > 2 ? number_of(argv[1]) : 0;
    const unsigned long count = argc > 2 ? number_of(argv[2]) : 0;
    const unsigned long rounds = argc > 3 ? number_of(argv[3]) : 1;
    if (argc > 4 || size == 0 || count == 0 || rounds == 0) {
        std::fputs("usage: alloc_size SIZE COUNT [ROUNDS]\n", stderr);
        return 2;
    }

    for (unsigned long i = 0; i < rounds; ++i) {
        round(size, count);
        std::cout << "freed\n" << std::flush;
    }
}
