// Looks at run time for graders, solutions, other submissions, results, home folders and passwords.
#include <fmt/core.h>

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

bool can_be_seen(const char* path) {
    return access(path, F_OK) == 0;
}

int main() {
    for (const char* path : {"@SOURCE@/graders", "@SOURCE@/README.md", "@NEIGHBOUR@", "@RESULTS@", "/home",
                             "/etc/shadow", "/etc/passwd", "/root/.bashrc", "/var/spool", "/sys/fs/cgroup",
                             "/boot", "/srv", "/opt", "/mnt", "/media", "/usr/include/stdio.h", "/run"}) {
        if (can_be_seen(path)) {
            fmt::print("visible: {}\n", path);
            return 1;
        }
    }
    return honest();
}
