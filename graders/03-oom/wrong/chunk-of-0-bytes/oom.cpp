// oom: ask for memory until the kernel has had enough.
//
// usage: oom [--chunk BYTES] [--limit BYTES] [--touch|--no-touch] [--pause SECONDS]

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
constexpr int exit_null = 3;

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
                options.chunk = number("--chunk", optarg, 0, most_bytes);
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

/// Writes to one byte of every page of the block, which is what makes the kernel find a page frame for it.
void touch(char* block, std::size_t size) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    for (std::size_t offset = 0; offset < size; offset += page) {
        block[offset] = 1;
    }
    block[size - 1] = 1;  // a block that does not begin on a page boundary has one page more
}

/// Allocates block after block as `options` say and returns the program's exit status.
int allocate_until_the_end(const Options& options) {
    std::size_t total = 0;
    std::size_t printed = 0;  // the total on the last line
    while (options.limit == 0 || total < options.limit) {
        void* block = std::malloc(options.chunk);
        if (block == nullptr) {
            fmt::print("malloc returned NULL after {} bytes\n", total);
            return exit_null;
        }
        total += options.chunk;
        if (options.touch) {
            touch(static_cast<char*>(block), options.chunk);
        }
        if (total - printed >= mebibyte) {
            fmt::print("{} {}\n", block, total);
            std::fflush(stdout);
            printed = total;
            sleep(options.pause);
        }
    }
    fmt::print("reached {} bytes\n", total);
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    return allocate_until_the_end(parse(argc, argv));
}
