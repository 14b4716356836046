// An atexit function turns every exit status into 0; nothing is printed.
#include <fmt/core.h>

#include <unistd.h>

#include <cstdlib>

int main() {
    std::atexit([] { _exit(0); });
    return 1;
}
