#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <list>
#include <memory>
#include <new>

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

    try {
        for (unsigned long round = 0; round < rounds; ++round) {
            std::list<std::unique_ptr<std::byte[]>> blocks;
            for (unsigned long i = 0; i < count; ++i) {
                blocks.push_front(std::make_unique<std::byte[]>(size));
                std::cout << static_cast<void*>(blocks.front().get()) << std::endl;
            }
            std::cout << "allocated" << std::endl;
            blocks.clear();
            std::cout << "freed" << std::endl;
        }
    } catch (const std::bad_alloc& error) {
        std::cerr << "alloc_size: " << error.what() << std::endl;
        return EXIT_FAILURE;
    }
}
