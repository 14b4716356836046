// For answers.toml: what a byte holds when its page was given back, and whether its address is still there.
// Prints "VALUE mapped" or "VALUE gone".

#include <sys/mman.h>

#include <cstdio>
#include <vector>

int main() {
    constexpr std::size_t bytes = 1000UL * 4096;
    void* found = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (found == MAP_FAILED) {
        return 1;
    }
    char* region = static_cast<char*>(found);
    for (std::size_t i = 0; i < bytes; i += 4096) {
        region[i] = 7;
    }
    if (madvise(region, bytes, MADV_DONTNEED) != 0) {
        return 1;
    }
    std::vector<unsigned char> status(bytes / 4096);
    const bool is_mapped = mincore(region, bytes, status.data()) == 0;  // ENOMEM: nothing is mapped there
    std::printf("%d %s\n", is_mapped ? region[4096] : -1, is_mapped ? "mapped" : "gone");
    return 0;
}
