#include <fmt/core.h>

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
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
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_maxrss;  // kB on Linux
}

/// What is resident at this moment, in kB.
long now_kb() {
    long size = 0;
    long resident = 0;
    std::FILE* file = std::fopen("/proc/self/statm", "r");
    if (file == nullptr || std::fscanf(file, "%ld %ld", &size, &resident) != 2) {
        std::exit(1);
    }
    std::fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

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
    for (unsigned long round = 1; round <= options.rounds; ++round) {
        void* block = nullptr;
        if (posix_memalign(&block, 4096, options.chunk) != 0) {
            fmt::print(stderr, "resident: malloc returned NULL\n");
            return 3;
        }
        if (options.touch) {
            std::memset(block, -1, options.chunk);
        }
        report(options.touch ? "touched" : "allocated", round);
        if (options.give_back) {
            std::free(block);
            report("freed", round);
        }
    }
}
