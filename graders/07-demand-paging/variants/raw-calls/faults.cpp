#include <fmt/core.h>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

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
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}

/// How many pages of the region are in RAM.
std::size_t pages_present() {
    std::vector<unsigned char> status(pages);
    if (mincore(region, pages * page_size, status.data()) != 0) {
        std::exit(1);
    }
    std::size_t count = 0;
    for (const unsigned char page : status) {
        count += page & 1U;
    }
    return count;
}

/// Prints a line and waits for Enter; at the end of the input it goes on.
void report(const char* step, long faults, const std::string& more = {}) {
    const std::string line = fmt::format("{} faults={} present={}{}\n", step, faults, pages_present(), more);
    if (syscall(SYS_write, 1, line.data(), line.size()) < 0) {
        std::exit(1);
    }
    for (char c = 0; c != '\n' && syscall(SYS_read, 0, &c, 1) == 1;) {
    }
}

void map_pages() {
    void* found =
        reinterpret_cast<void*>(syscall(SYS_mmap, nullptr, pages * page_size, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (found == MAP_FAILED) {
        fmt::print(stderr, "faults: no memory: {}\n", std::strerror(errno));
        std::exit(3);
    }
    region = static_cast<char*>(found);
}

void read_pages(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        (void)static_cast<volatile char*>(region)[i * page_size];
    }
}

void write_pages(std::size_t count, char value) {
    for (std::size_t i = 0; i < count; ++i) {
        region[i * page_size] = value;
    }
}

void discard_pages() {
    madvise(region, pages * page_size, MADV_DONTNEED);
}

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
    measure("read", [] { read_pages(pages); });
    measure("write", [] { write_pages(pages, 3); });
    measure("rewrite", [] { write_pages(pages, 4); });
    const pid_t child = fork();
    if (child == 0) {
        measure("child-read", [] { read_pages(pages); });
        measure("child-write", [] { write_pages(pages / 2, 6); });
        _exit(0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        fmt::print(stderr, "faults: the child did not do its work\n");
        return 1;
    }
    measure("parent-write", [] { write_pages(pages, 7); });
    measure("discard", discard_pages);
    measure("write-again", [] { write_pages(pages, 9); });
    return 0;
}
