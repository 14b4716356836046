// Activity 8 (starter): fill a block that need not fit into RAM, and find it again as it was.
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

struct Options {
    std::size_t megabytes = 16;
    unsigned long passes = 1;
    bool lock = false;
};

[[noreturn]] void usage() {
    fmt::print(stderr, "usage: paging [--mb N] [--passes P] [--lock]\n");
    std::exit(2);
}

unsigned long number(const char* text) {
    char* end = nullptr;
    const unsigned long value = text != nullptr ? std::strtoul(text, &end, 10) : 0;
    if (text == nullptr || *text < '0' || *text > '9' || *end != '\0' || value == 0 || value > 1'000'000) {
        usage();
    }
    return value;
}

Options parse(char** argv) {
    Options options;
    while (*++argv != nullptr) {
        const std::string_view word = *argv;
        if (word == "--lock") {
            options.lock = true;
        } else if (word == "--mb") {
            options.megabytes = number(*++argv);
        } else if (word == "--passes") {
            options.passes = number(*++argv);
        } else {
            usage();
        }
    }
    return options;
}

/// How much of this process is in swap at this moment, in kB.
long swapped_kb() {
    return 0;  // TODO 3: the row VmSwap of /proc/self/status, read anew for each line
}

/// The major page faults of this process so far.
long major_faults() {
    return 0;  // TODO 4: ask getrusage(2)
}

/// Prints a line and waits for Enter; at the end of the input it goes on.
void report(const char* what, unsigned long count, unsigned long wrong) {
    const long swapped = swapped_kb();
    fmt::print("{} {} wrong={} swapped={} majflt={}\n", what, count, wrong, swapped, major_faults());
    std::fflush(stdout);
    for (int c = 0; c != EOF && c != '\n';) {
        c = std::getchar();
    }
}

}  // namespace

int main(int /*argc*/, char** argv) {
    const Options options = parse(argv);
    // TODO 1: options.megabytes MiB of memory, with --lock locked (mlock(2)) before it is filled. What may
    // fail?
    // TODO 2: write its own number, 0, 1, 2, ..., into the first eight bytes of each page
    report("filled", options.megabytes, 0);
    for (unsigned long pass = 1; pass <= options.passes; ++pass) {
        // TODO 5: read every page, in order: how many numbers are not what was written?
        report("pass", pass, 0);
    }
    // TODO 6: exit status 4 when one was wrong
}
