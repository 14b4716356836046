// Ignores every signal that it can and sleeps for ever.
#include <fmt/core.h>

#include <signal.h>
#include <unistd.h>

int main() {
    for (int number = 1; number < 65; ++number) {
        signal(number, SIG_IGN);
    }
    for (;;) {
        pause();
    }
}
