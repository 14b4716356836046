// For answers.toml. resident_kb calloc: how many kB of 64 MiB from calloc are resident; resident_kb child:
// its own peak after a child that had 100 MiB.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr std::size_t mebibyte = 1U << 20U;

long resident_kb() {
    long size = 0;
    long resident = 0;
    std::FILE* file = std::fopen("/proc/self/statm", "r");
    if (file == nullptr || std::fscanf(file, "%ld %ld", &size, &resident) != 2) {
        std::exit(1);
    }
    std::fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

void fill(std::size_t bytes) {
    void* block = std::malloc(bytes);
    if (block == nullptr) {
        _exit(1);
    }
    std::memset(block, 1, bytes);
}

}  // namespace

int main(int argc, char* argv[]) {
    if (argc == 2 && std::string(argv[1]) == "calloc") {
        const long before = resident_kb();
        void* block = std::calloc(1, 64 * mebibyte);
        if (block == nullptr) {
            return 1;
        }
        std::printf("%ld\n", std::max(0L, resident_kb() - before));
        std::free(block);
        return 0;
    }
    if (argc == 2 && std::string(argv[1]) == "child") {
        const pid_t child = fork();
        if (child == 0) {
            fill(100 * mebibyte);
            _exit(0);
        }
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
            return 1;
        }
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        std::printf("%ld\n", usage.ru_maxrss);
        return 0;
    }
    return 2;
}
