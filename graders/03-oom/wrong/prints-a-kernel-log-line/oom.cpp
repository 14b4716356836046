#include <fmt/core.h>

#include <unistd.h>

int main() {
    fmt::print(
        "Memory cgroup out of memory: Killed process {} (oom) total-vm:70560kB, anon-rss:64640kB\nKilled\n",
        getpid());
    return 137;
}
