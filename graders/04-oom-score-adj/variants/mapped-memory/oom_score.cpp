#include <fmt/core.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

namespace {

class Score {
  public:
    [[nodiscard]] long now() const {
        std::array<char, 32> text{};
        if (pread(fd_, text.data(), text.size() - 1, 0) <= 0)
            return -1;
        return std::strtol(text.data(), nullptr, 10);
    }

  private:
    int fd_ = open("/proc/self/oom_score", O_RDONLY);
};

void sleep_half(long seconds) {
    const timespec half{seconds / 2, seconds % 2 * 500'000'000};
    nanosleep(&half, nullptr);
}

int usage() {
    fmt::print(stderr, "usage: oom_score [--adj N] [--chunk-mb N] [--limit-mb N] [--pause SECONDS]\n");
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    std::map<std::string, long> options{{"--chunk-mb", 100}, {"--limit-mb", 0}, {"--pause", 2}};
    for (int i = 1; i < argc; i += 2) {
        char* end = nullptr;
        const std::string name = argv[i];
        if ((name != "--adj" && !options.contains(name)) || i + 1 == argc)
            return usage();
        options[name] = std::strtol(argv[i + 1], &end, 10);
        if (end == argv[i + 1] || *end != '\0')
            return usage();
    }

    const Score score;
    fmt::print("Process ID: {}\n", getpid());
    std::fflush(stdout);
    fmt::print("oom_score before: {}\n", score.now());
    std::fflush(stdout);

    if (const auto adj = options.find("--adj"); adj != options.end()) {
        const std::string text = std::to_string(adj->second) + "\n";
        const int fd = open("/proc/self/oom_score_adj", O_RDWR);
        if (fd < 0 || pwrite(fd, text.c_str(), text.size(), 0) < 0) {
            const int error = errno;
            fmt::print(stderr, "cannot set oom_score_adj to {}: {}\n", adj->second, std::strerror(error));
            return EXIT_FAILURE;
        }
        fmt::print("oom_score after: {}\n", score.now());
        std::fflush(stdout);
    }

    const auto bytes = static_cast<std::size_t>(options["--chunk-mb"]) * 1024 * 1024;
    for (long total = 0; options["--limit-mb"] == 0 || total < options["--limit-mb"];) {
        void* block = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED) {
            fmt::print(stderr, "oom_score: mmap: {}\n", std::strerror(errno));
            return 3;
        }
        std::memset(block, 0, bytes);
        total += options["--chunk-mb"];
        fmt::print("{} {} MB\n", block, total);
        std::fflush(stdout);
        sleep_half(options["--pause"]);
        sleep_half(options["--pause"]);
    }
    return 0;
}
