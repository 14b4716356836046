// Spins for ever in three processes that ignore every signal.
#include <fmt/core.h>

#include <signal.h>
#include <unistd.h>

int main() {
    for (int number = 1; number < 65; ++number) {
        signal(number, SIG_IGN);
    }
    fork() == 0 || fork() == 0;
    for (volatile unsigned long turns = 0;;) {
        turns = turns + 1;
    }
}
