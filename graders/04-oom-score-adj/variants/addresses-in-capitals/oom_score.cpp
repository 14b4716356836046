// Activity 4, reference solution: a process that shows its own OOM score, changes it, and then grows until
// something stops it.
//
//   oom_score [--adj N] [--chunk-mb N] [--limit-mb N] [--pause SECONDS]

#include <fmt/core.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

constexpr std::size_t megabyte = 1024 * 1024;

struct Options {
    std::optional<int> adj;      // --adj N: what to write to oom_score_adj; nothing: leave it alone
    std::size_t chunk_mb = 100;  // --chunk-mb N: how much to allocate each time
    std::size_t limit_mb = 0;    // --limit-mb N: stop when this much is allocated; 0: never
    unsigned int pause = 2;      // --pause SECONDS: how long to sleep between two allocations
};

// The kernel's present OOM score of this process; -1 when it cannot be read.
int read_oom_score() {
    int score = -1;
    std::ifstream("/proc/self/oom_score") >> score;
    return score;
}

// Writes `adj` to this process's oom_score_adj. Returns 0, or the errno that says why the kernel refused.
int write_oom_score_adj(int adj) {
    const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return errno;
    const std::string text = std::to_string(adj);
    const int error = write(file, text.data(), text.size()) < 0 ? errno : 0;
    close(file);
    return error;
}

// Writes to every page of the block, so that the kernel has to give each of them a page of memory.
void touch(char* block, std::size_t bytes) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    for (std::size_t offset = 0; offset < bytes; offset += page)
        block[offset] = 1;
}

// Allocates, touches and reports chunk after chunk. Returns the exit status of the program.
int grow(const Options& options) {
    std::size_t total_mb = 0;
    while (options.limit_mb == 0 || total_mb < options.limit_mb) {
        const std::size_t bytes = options.chunk_mb * megabyte;
        char* block = static_cast<char*>(std::malloc(bytes));  // kept until the end: growing is the purpose
        if (block == nullptr) {
            fmt::print(stderr, "oom_score: malloc returned NULL after {} MB\n", total_mb);
            return 3;
        }
        touch(block, bytes);
        total_mb += options.chunk_mb;
        std::printf("0X%016lX %zu MB\n", reinterpret_cast<unsigned long>(block), total_mb);
        sleep(options.pause);
    }
    return 0;
}

[[noreturn]] void usage() {
    fmt::print(stderr,
               "oom_score: usage: oom_score [--adj N] [--chunk-mb N] [--limit-mb N] [--pause SECONDS]\n");
    std::exit(2);
}

template <class Number>
Number parse_number(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size())
        usage();
    return number;
}

Options parse_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; i += 2) {
        const std::string_view name = argv[i];
        if (i + 1 == argc)
            usage();
        const std::string_view value = argv[i + 1];
        if (name == "--adj")
            options.adj = parse_number<int>(value);
        else if (name == "--chunk-mb")
            options.chunk_mb = parse_number<std::size_t>(value);
        else if (name == "--limit-mb")
            options.limit_mb = parse_number<std::size_t>(value);
        else if (name == "--pause")
            options.pause = parse_number<unsigned int>(value);
        else
            usage();
    }
    if (options.chunk_mb == 0)
        usage();
    return options;
}

int main(int argc, char** argv) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);  // every line leaves the program at once, into a pipe too
    const Options options = parse_options(argc, argv);

    fmt::print("Process ID: {}\n", getpid());
    fmt::print("oom_score before: {}\n", read_oom_score());

    if (options.adj) {
        if (const int error = write_oom_score_adj(*options.adj); error != 0) {
            fmt::print(stderr, "oom_score: cannot set oom_score_adj to {}: {}\n", *options.adj,
                       std::strerror(error));
            return 1;
        }
        fmt::print("oom_score after: {}\n", read_oom_score());
    }
    return grow(options);
}
