#include <fmt/core.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
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
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;  // kB on Linux
}

/// What is resident at this moment, in kB.
long now_kb() {
    char text[2048] = {};
    const int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, text, sizeof text - 1) <= 0) {
        std::exit(1);
    }
    close(file);
    const char* field = std::strrchr(text, ')');
    for (int number = 2; number < 24; ++number) {
        field = std::strchr(field + 1, ' ');
    }
    return std::atol(field) * (sysconf(_SC_PAGESIZE) / 1024);
}

void report(const char* what, unsigned long round) {
    const long now = now_kb();
    const std::string line = fmt::format("{} {} peak={} now={}\n", what, round, peak_kb(), now);
    if (write(STDOUT_FILENO, line.data(), line.size()) < 0) {
        std::exit(1);
    }
    char c = 0;
    while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n') {
    }
}

}  // namespace

int main(int /*argc*/, char** argv) {
    const Options options = parse(argv);
    report("start", 0);
    for (unsigned long round = 1; round <= options.rounds; ++round) {
        void* block = std::malloc(options.chunk);
        if (block == nullptr) {
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
