// Probe of activity 8: a neighbour whose memory is swapped out. What the whole machine has in swap is then
// not what the program under test has.
//
//     holds_swap MEBIBYTES

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>

int main(int argc, char* argv[]) {
    const std::size_t bytes = argc == 2 ? std::strtoul(argv[1], nullptr, 10) << 20U : 0;
    void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return 1;
    }
    for (std::size_t i = 0; i < bytes; i += 4096) {
        static_cast<char*>(memory)[i] = static_cast<char>(i >> 12U | 1U);
    }
    std::puts("filled");
    std::fflush(stdout);
    (void)std::getchar();
    std::puts("swapped out");
    std::fflush(stdout);
    for (;;) {
        pause();
    }
}
