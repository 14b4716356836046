// Looks for rights that it should not have: capabilities, other uids, core dumps, new privileges.
#include <fmt/core.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>

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

int main() {
    rlimit core{};
    getrlimit(RLIMIT_CORE, &core);
    std::ifstream status("/proc/self/status");
    bool no_capabilities = true;
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("CapEff:") || line.starts_with("CapPrm:") || line.starts_with("CapAmb:")) {
            no_capabilities = no_capabilities && line.ends_with("0000000000000000");
        }
    }
    if (!no_capabilities || core.rlim_max != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
        prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 2 || getuid() == 0 || setuid(0) == 0 || setgid(0) == 0) {
        fmt::print("it has rights\n");
        return 1;
    }
    return honest();
}
