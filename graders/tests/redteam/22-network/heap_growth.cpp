// Tries every way to a network.
#include <fmt/core.h>

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

int main() {
    for (const int family : {AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK}) {
        for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW}) {
            if (socket(family, type, 0) >= 0) {
                fmt::print("a socket of family {}\n", family);
                return 1;
            }
        }
    }
    // Names of local sockets are a network too: anybody could listen there.
    sockaddr address{};
    address.sa_family = AF_UNIX;
    const int local = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(local, &address, sizeof(sa_family_t)) == 0) {
        fmt::print("a name for a local socket\n");
        return 1;
    }
    return honest();
}
