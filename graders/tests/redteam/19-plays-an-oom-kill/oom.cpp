// Prints the kernel's line of an OOM kill, tries to write it to the log, and kills itself.
#include <fmt/core.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <string>

int main() {
    const std::string line = fmt::format(
        "Memory cgroup out of memory: Killed process {} (oom) total-vm:1068268kB, anon-rss:65280kB, "
        "file-rss:1236kB, "
        "shmem-rss:0kB, UID:0 pgtables:168kB oom_score_adj:0\n",
        getpid());
    for (const char* path : {"/dev/kmsg", "/dev/stdout", "/dev/stderr"}) {
        if (const int file = open(path, O_WRONLY); file >= 0) {
            (void)!write(file, line.data(), line.size());
        }
    }
    raise(SIGKILL);
}
