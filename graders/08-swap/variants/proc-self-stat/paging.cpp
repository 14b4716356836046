#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

constexpr std::size_t page_size = 4096;

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
    long found = 0;
    char line[256];
    std::FILE* file = std::fopen("/proc/self/status", "r");
    while (file != nullptr && std::fgets(line, sizeof line, file) != nullptr) {
        if (std::strncmp(line, "VmSwap:", 7) == 0) {
            found = std::strtol(line + 7, nullptr, 10);
        }
    }
    if (file != nullptr) {
        std::fclose(file);
    }
    return found;
}

/// The major page faults of this process so far.
long major_faults() {
    std::FILE* file = std::fopen("/proc/self/stat", "r");
    long found = 0;
    if (file == nullptr ||
        std::fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %ld", &found) != 1) {
        found = -1;
    }
    if (file != nullptr) {
        std::fclose(file);
    }
    return found;
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

void fill(unsigned char* block, std::size_t pages) {
    for (std::uint64_t i = 0; i < pages; ++i) {
        std::memcpy(block + i * page_size, &i, sizeof i);
    }
}

unsigned long count_wrong(const unsigned char* block, std::size_t pages) {
    unsigned long wrong = 0;
    for (std::uint64_t i = 0; i < pages; ++i) {
        std::uint64_t found = 0;
        std::memcpy(&found, block + i * page_size, sizeof found);
        wrong += found != i ? 1 : 0;
    }
    return wrong;
}

}  // namespace

int main(int /*argc*/, char** argv) {
    const Options options = parse(argv);
    const std::size_t bytes = options.megabytes << 20U;
    void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        fmt::print(stderr, "paging: no memory: {}\n", std::strerror(errno));
        return 3;
    }
    if (options.lock && mlock(memory, bytes) != 0) {
        fmt::print(stderr, "paging: cannot lock: {}\n", std::strerror(errno));
        return 1;
    }
    auto* const block = static_cast<unsigned char*>(memory);
    const std::size_t pages = bytes / page_size;
    fill(block, pages);
    report("filled", options.megabytes, 0);
    bool all_right = true;
    for (unsigned long pass = 1; pass <= options.passes; ++pass) {
        const unsigned long wrong = count_wrong(block, pages);
        all_right = all_right && wrong == 0;
        report("pass", pass, wrong);
    }
    return all_right ? 0 : 4;
}
