// Activity 6 (starter): how much memory does this process use: now, and at most?
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

struct Options {
    unsigned long rounds = 3;
    std::size_t chunk = 4'096'000;  // bytes
    bool give_back = false;         // --free
    bool touch = true;              // --no-touch
};

[[noreturn]] void usage() {
    fmt::print(stderr, "usage: resident [--rounds N] [--chunk BYTES] [--free] [--no-touch]\n");
    std::exit(2);
}

unsigned long number(const char* text) {
    char* end = nullptr;
    const unsigned long value = text != nullptr ? std::strtoul(text, &end, 10) : 0;
    if (text == nullptr || *text < '0' || *text > '9' || *end != '\0' || value == 0) {
        usage();
    }
    return value;
}

Options parse(char** argv) {
    Options options;
    while (*++argv != nullptr) {
        const std::string_view word = *argv;
        if (word == "--free") {
            options.give_back = true;
        } else if (word == "--no-touch") {
            options.touch = false;
        } else if (word == "--rounds") {
            options.rounds = number(*++argv);
        } else if (word == "--chunk") {
            options.chunk = number(*++argv);
        } else {
            usage();
        }
    }
    return options;
}

/// The most that was ever resident, in kB.
long peak_kb() {
    return 0;  // TODO 3: ask getrusage(2)
}

/// What is resident at this moment, in kB.
long now_kb() {
    return 0;  // TODO 4: read it from /proc/self, anew for each line
}

/// Prints a line and waits for Enter; at the end of the input it goes on.
void report(const char* what, unsigned long round) {
    const long now = now_kb();
    fmt::print("{} {} peak={} now={}\n", what, round, peak_kb(), now);
    std::fflush(stdout);
    for (int c = 0; c != EOF && c != '\n';) {
        c = std::getchar();
    }
}

}  // namespace

int main(int /*argc*/, char** argv) {
    const Options options = parse(argv);
    report("start", 0);
    // TODO 1: as many rounds as the options say
    void* block = std::malloc(options.chunk);
    if (block == nullptr) {
        fmt::print(stderr, "resident: malloc returned NULL\n");
        return 3;
    }
    // TODO 2: write to every page of the block, unless --no-touch forbids it
    report(options.touch ? "touched" : "allocated", 1);
    // TODO 5: with --free, give the block back and report that
}
