// Activity 7: when does a page of memory come into being? Your work: the five TODOs.
#include <fmt/core.h>

#include <sys/mman.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr std::size_t page_size = 4096;
std::size_t pages = 1000;
char* region = nullptr;

/// Reads PAGES, or ends the program.
void parse(int argc, char** argv) {
    if (argc == 1) {
        return;
    }
    char* end = nullptr;
    pages = argc == 2 ? std::strtoul(argv[1], &end, 10) : 0;
    if (argc != 2 || *argv[1] < '0' || *argv[1] > '9' || *end != '\0' || pages < 2) {
        fmt::print(stderr, "usage: faults [PAGES]   (a whole number from 2)\n");
        std::exit(2);
    }
}

/// Page faults of this process, minor and major.
long faults_so_far() {
    return 0;  // TODO 1: getrusage(2) counts them
}

/// How many pages of the region are in RAM.
std::size_t pages_present() {
    return 0;  // TODO 2: mincore(2) knows
}

/// Prints a line and waits for Enter; at the end of the input it goes on.
void report(const char* step, long faults, const std::string& more = {}) {
    fmt::print("{} faults={} present={}{}\n", step, faults, pages_present(), more);
    std::fflush(stdout);
    for (int c = 0; c != EOF && c != '\n';) {
        c = std::getchar();
    }
}

void map_pages() {
    void* found =
        mmap(nullptr, pages * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (found == MAP_FAILED) {
        fmt::print(stderr, "faults: no memory: {}\n", std::strerror(errno));
        std::exit(3);
    }
    region = static_cast<char*>(found);
}

// TODO 3: read pages, write to pages, give them back

/// Does a step, counts its faults, and reports them.
template <class Step>
void measure(const char* name, Step step) {
    const long before = faults_so_far();
    step();
    report(name, faults_so_far() - before);
}

}  // namespace

int main(int argc, char** argv) {
    parse(argc, argv);
    const long before = faults_so_far();
    map_pages();
    const long after = faults_so_far();
    report("map", after - before, fmt::format(" at={}", static_cast<void*>(region)));
    measure("read", [] {});
    // TODO 4: the steps write, rewrite, parent-write, discard, write-again
    // TODO 5: fork; the child does child-read and child-write and ends, the parent waits for it
    return 0;
}
