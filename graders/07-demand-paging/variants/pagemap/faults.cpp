#include <fmt/core.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
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
    std::vector<unsigned long> entries(pages);
    const int file = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (file < 0 || pread(file, entries.data(), pages * 8,
                          static_cast<off_t>(reinterpret_cast<unsigned long>(region) / page_size * 8)) !=
                        static_cast<ssize_t>(pages * 8)) {
        std::exit(1);
    }
    close(file);
    std::size_t count = 0;
    for (const unsigned long entry : entries) {
        count += entry >> 63U;
    }
    return count;
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
