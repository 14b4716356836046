// Twenty processes take a little memory each, together too much.
#include <fmt/core.h>

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

int main() {
    constexpr std::size_t piece = 64U << 20U;
    for (int i = 0; i < 20 && fork() != 0; ++i) {
    }
    std::memset(std::malloc(piece), 1, piece);
    usleep(300'000);
    raise(SIGKILL);
}
