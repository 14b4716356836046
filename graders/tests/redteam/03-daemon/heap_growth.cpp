// A grandchild in a session of its own goes on writing to stdout and to /tmp after the run.
#include <fmt/core.h>

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
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

void become_daemon() {
    if (fork() != 0) {
        return;
    }
    setsid();
    if (fork() != 0) {
        _exit(0);
    }
    for (int signal = 1; signal < 32; ++signal) {
        std::signal(signal, SIG_IGN);
    }
    for (;;) {
        if (const int file = open("/tmp/redteam-marker-daemon", O_WRONLY | O_CREAT | O_APPEND, 0666);
            file >= 0) {
            (void)!write(file, "x", 1);
            close(file);
        }
        usleep(1000);
    }
}

int main() {
    become_daemon();
    return honest();
}
