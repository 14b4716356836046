#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

// Turns the text of a whole number from 1 on into that number; 0 where it is none.
unsigned long number_of(const char* text) {
    char* end = nullptr;
    const unsigned long number = std::strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' ? number : 0;
}

void say(const std::string& line) {
    std::size_t written = 0;
    while (written < line.size()) {
        const ssize_t more = write(STDOUT_FILENO, line.data() + written, line.size() - written);
        if (more < 0) {
            std::exit(4);
        }
        written += static_cast<std::size_t>(more);
    }
}

void one_round(unsigned long size, unsigned long count) {
    std::vector<void*> blocks(count);
    for (void*& block : blocks) {
        block = ::operator new(size, std::nothrow);
        if (block == nullptr) {
            std::fputs("alloc_size: no memory\n", stderr);
            std::_Exit(1);
        }
        char address[32];
        std::snprintf(address, sizeof address, "%p\n", block);
        say(address);
    }
    say("allocated\n");
    for (void* block : blocks) {
        ::operator delete(block);
    }
    say("freed\n");
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

    for (unsigned long round = 0; round < rounds; ++round) {
        std::thread(one_round, size, count).join();
    }
}
