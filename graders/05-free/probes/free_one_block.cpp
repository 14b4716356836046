// Probe of activity 5: allocates one block, says where it lies, frees it, and says so. What the kernel got
// back stands in the system calls between the two lines.
//
//     free_one_block BYTES

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char* argv[]) {
    if (argc != 2) {
        return 2;
    }
    // The first print makes malloc give stdout its buffer: that must not happen between the two lines.
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    fmt::print("start\n");

    void* block = std::malloc(std::strtoul(argv[1], nullptr, 10));
    if (block == nullptr) {
        return 1;
    }
    fmt::print("{}\n", block);
    std::free(block);
    fmt::print("freed\n");
}
