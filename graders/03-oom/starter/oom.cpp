// oom: ask for memory until the kernel has had enough.
//
// usage: oom [--chunk BYTES] [--limit BYTES] [--touch|--no-touch] [--pause SECONDS]
//
// Everything but the loop is here already. Your part is allocate_until_the_end(), marked TODO.

#include <fmt/core.h>

#include <getopt.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

constexpr int exit_usage = 2;
[[maybe_unused]] constexpr int exit_null = 3;  // your loop returns this when malloc returned NULL

struct Options {
    std::size_t chunk = mebibyte;  // bytes in one block
    std::size_t limit = 0;         // stop after so many bytes in all; 0: never stop
    bool touch = true;             // write to every page of each block
    unsigned pause = 2;            // seconds of sleep after each line
};

[[noreturn]] void usage(const std::string& complaint) {
    fmt::print(stderr, "oom: {}\n", complaint);
    fmt::print(stderr, "usage: oom [--chunk BYTES] [--limit BYTES] [--touch|--no-touch] [--pause SECONDS]\n");
    std::exit(exit_usage);
}

/// The whole number in `text`, which must consist of digits only and lie between `least` and `most`.
std::size_t number(const std::string& option, const std::string& text, std::size_t least, std::size_t most) {
    errno = 0;
    const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    const unsigned long long value = digits ? std::strtoull(text.c_str(), nullptr, 10) : 0;
    if (!digits || errno != 0 || value < least || value > most) {
        usage(fmt::format("{} takes a whole number from {} to {}, not '{}'", option, least, most, text));
    }
    return value;
}

Options parse(int argc, char** argv) {
    constexpr std::size_t most_bytes = std::size_t{1} << 62;
    const option names[] = {
        {"chunk", required_argument, nullptr, 'c'}, {"limit", required_argument, nullptr, 'l'},
        {"touch", no_argument, nullptr, 't'},       {"no-touch", no_argument, nullptr, 'n'},
        {"pause", required_argument, nullptr, 'p'}, {nullptr, 0, nullptr, 0},
    };
    Options options;
    opterr = 0;  // we complain ourselves
    for (int found = 0; (found = getopt_long(argc, argv, "", names, nullptr)) != -1;) {
        switch (found) {
            case 'c':
                options.chunk = number("--chunk", optarg, 1, most_bytes);
                break;
            case 'l':
                options.limit = number("--limit", optarg, 0, most_bytes);
                break;
            case 't':
                options.touch = true;
                break;
            case 'n':
                options.touch = false;
                break;
            case 'p':
                options.pause = static_cast<unsigned>(number("--pause", optarg, 0, 86'400));
                break;
            default:
                usage(fmt::format("cannot understand '{}'", argv[optind - 1]));
        }
    }
    if (optind < argc) {
        usage(fmt::format("cannot understand '{}'", argv[optind]));
    }
    return options;
}

/// Allocates block after block as `options` say and returns the program's exit status.
int allocate_until_the_end(const Options& options) {
    // TODO 1: this allocates one single block. Make it go on: block after block, none of them ever freed,
    //         while `total` counts the bytes allocated so far. (What does malloc return when it cannot?
    //         Then print "malloc returned NULL after TOTAL bytes" and return exit_null.)
    std::size_t total = 0;
    void* block = std::malloc(options.chunk);
    total += options.chunk;

    // TODO 2: with options.touch, write to every page of the new block (a page has sysconf(_SC_PAGESIZE)
    //         bytes). Without it, leave the block alone.

    // TODO 3: whenever at least one mebibyte more has been allocated since the last line, print the newest
    //         block's address and the total, then sleep for options.pause seconds. This prints always and
    //         never sleeps.
    fmt::print("{} {}\n", block, total);
    std::fflush(stdout);

    // TODO 4: with a limit, stop as soon as the total has reached it: print "reached TOTAL bytes", return 0.
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    return allocate_until_the_end(parse(argc, argv));
}
