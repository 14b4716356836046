// Closes, shuts down, truncates, copies and writes to the descriptors through which Valgrind reports.
#include <fmt/core.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>

int honest() {
    int* blocks[5] = {};
    for (int*& block : blocks) {
        block = static_cast<int*>(std::malloc(sizeof(int)));
        if (block == nullptr) {
            fmt::print(stderr, "heap_growth: malloc returned NULL\n");
            return 1;
        }
        fmt::print("{}\n", static_cast<void*>(block));
        std::fflush(stdout);
    }
    fmt::print("heap grows {}\n", std::less<>{}(blocks[0], blocks[4]) ? "up" : "down");
    std::fflush(stdout);
    for (int* block : blocks) {
        std::free(block);
    }
    return 0;
}

const char forged[] = "<?xml version=\"1.0\"?>\n<valgrindoutput>\n</valgrindoutput>\n";

void attack(int number) {
    (void)!write(number, forged, sizeof forged - 1);
    (void)!ftruncate(number, 0);
    send(number, forged, sizeof forged - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(number, SHUT_RDWR);
    if (const int copy = dup(number); copy >= 0) {
        (void)!write(copy, forged, sizeof forged - 1);
        close(copy);
    }
    if (const int copy = fcntl(number, F_DUPFD, 3); copy >= 0) {
        (void)!write(copy, forged, sizeof forged - 1);
        close(copy);
    }
    close(number);
}

int main() {
    for (int number = 3; number < 1100; ++number) {
        attack(number);
    }
    unlink("/proc/self/fd/1012");
    return honest();
}
