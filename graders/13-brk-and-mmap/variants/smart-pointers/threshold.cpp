// Each question is asked in a child, so that none changes the next one's answer.
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace {

bool is_mapped(std::size_t size) {
    const pid_t child = fork();
    if (child == 0) {
        const std::size_t before = mallinfo2().hblks;
        _exit(std::malloc(size) != nullptr && mallinfo2().hblks > before ? 1 : 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status) == 1;
}

}  // namespace

int main() {
    do {  // the heap is made by the first call; then its room is used up
        if (std::malloc(20'000) == nullptr) {
            return EXIT_FAILURE;
        }
    } while (mallinfo2().fordblks > 40'000);
    std::size_t in_heap = 60'000;
    std::size_t mapped = std::size_t{48} << 20U;
    while (mapped - in_heap > 1) {
        const std::size_t middle = (in_heap + mapped) / 2;
        (is_mapped(middle) ? mapped : in_heap) = middle;
    }
    std::printf("threshold %zu\n", mapped);
}
