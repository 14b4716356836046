// Activity 4: a process that shows its own OOM score, changes it, and then grows until something stops it.
//
//   oom_score [--adj N] [--chunk-mb N] [--limit-mb N] [--pause SECONDS]
//
// Reading the options is done for you. Three functions below are marked TODO; README.md says what to print.
// Try it only in an arena (`scripts/lab run 4`) or with a small --limit-mb: the default is to grow for ever.

#include <fmt/core.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <system_error>

constexpr std::size_t megabyte = 1024 * 1024;

struct Options {
    std::optional<int> adj;      // --adj N: what to write to oom_score_adj; nothing: leave it alone
    std::size_t chunk_mb = 100;  // --chunk-mb N: how much to allocate each time
    std::size_t limit_mb = 0;    // --limit-mb N: stop when this much is allocated; 0: never
    unsigned int pause = 2;      // --pause SECONDS: how long to sleep between two allocations
};

// The kernel's present OOM score of this process.
int read_oom_score() {
    // TODO: open /proc/self/oom_score, read the number in it and return it. The kernel works the number out
    // at the moment of the read, so open and read the file afresh on every call.
    return 0;
}

// Writes `adj` to this process's oom_score_adj. Returns 0, or the errno that says why the kernel refused.
int write_oom_score_adj(int adj) {
    // TODO: write the number to /proc/self/oom_score_adj. It is the write that the kernel may refuse, so be
    // sure to look at its result: a stdio or iostream buffer hands the text to the kernel only when it is
    // flushed or closed.
    (void)adj;
    return 0;
}

// Allocates, touches and reports chunk after chunk. Returns the exit status of the program.
int grow(const Options& options) {
    // TODO: this allocates one int, once. Allocate options.chunk_mb megabytes each time (and keep them),
    // write to every page, print the address and the total so far, sleep for the pause, and go on until the
    // limit. malloc may return NULL: then say so on stderr and return 3.
    void* block = std::malloc(sizeof(int));
    fmt::print("{} {} MB\n", block, sizeof(int) / megabyte);
    sleep(options.pause);
    return 0;
}

// ---- the options: nothing to do from here on
// -------------------------------------------------------------------

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
        const int error = write_oom_score_adj(*options.adj);
        // TODO: when error is not 0, print `oom_score: cannot set oom_score_adj to N: ERROR` to stderr, where
        // ERROR is the kernel's reason in words (std::strerror), and return 1.
        (void)error;
        fmt::print("oom_score after: {}\n", read_oom_score());
    }
    return grow(options);
}
