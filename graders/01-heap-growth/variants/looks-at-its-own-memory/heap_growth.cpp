#include <fmt/core.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace {

/// Whether what stands at that address is what the file of this process's memory holds there.
bool is_in_memory(const int* block) {
    const int memory = open("/proc/self/mem", O_RDONLY);
    int seen = -1;
    const bool read =
        pread(memory, &seen, sizeof seen, static_cast<off_t>(reinterpret_cast<std::uintptr_t>(block))) ==
        static_cast<ssize_t>(sizeof seen);
    close(memory);
    return read && seen == *block;
}

void say(const std::string& text) {
    fmt::print("{}\n", text);
    std::fflush(stdout);
}

}  // namespace

int main() {
    int* first = nullptr;
    int* last = nullptr;
    for (int i = 0; i < 6; ++i) {
        last = static_cast<int*>(std::malloc(sizeof(int)));
        if (last == nullptr) {
            fmt::print(stderr, "heap_growth: malloc failed\n");
            return 1;
        }
        *last = i;
        first = first == nullptr ? last : first;
        if (!is_in_memory(last)) {
            fmt::print(stderr, "heap_growth: /proc/self/mem does not show the block\n");
        }
        say(fmt::format("{}", static_cast<void*>(last)));
    }
    std::ifstream maps(fmt::format("/proc/{}/maps", getpid()));
    for (std::string line; std::getline(maps, line);) {
        if (line.find("[heap]") != std::string::npos) {
            fmt::print(stderr, "{}\n", line);
        }
    }
    say(reinterpret_cast<std::uintptr_t>(first) < reinterpret_cast<std::uintptr_t>(last) ? "heap grows up"
                                                                                         : "heap grows down");
}
