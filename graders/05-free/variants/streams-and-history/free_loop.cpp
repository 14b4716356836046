#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <iostream>
#include <set>

struct Round {
    int* first;
    unsigned long* second;
};

int main(int argc, char** argv) {
    unsigned long rounds = 0;
    if (argc > 1) {
        char* end = nullptr;
        rounds = std::strtoul(argv[1], &end, 10);
        if (argc > 2 || !std::isdigit(static_cast<unsigned char>(argv[1][0])) || *end != '\0') {
            std::cerr << "free_loop: usage: free_loop [ROUNDS]" << std::endl;
            return 2;
        }
    }
    std::set<void*> seen;
    unsigned long done = 0;
    while (rounds == 0 || done < rounds) {
        Round round{};
        round.first = static_cast<int*>(std::realloc(nullptr, 5'000'000 * sizeof(int)));
        round.second = static_cast<unsigned long*>(std::malloc(5'000'000 * sizeof *round.second));
        if (round.first == nullptr || round.second == nullptr) {
            std::cerr << "free_loop: no memory" << std::endl;
            std::free(round.first);
            std::free(round.second);
            return 1;
        }
        seen.insert(round.first);
        seen.insert(round.second);
        std::cout << round.first << '\t' << round.second << std::endl;
        std::free(round.first);
        std::free(round.second);
        usleep(2'000'000);
        ++done;
    }
}
