// For answers.toml: prints where five things lie, a line "ADDRESS PATH" each: main, a small block, a small
// variable of .bss, the end of a large array there, a local variable of a second thread. Its sections are
// looked at, too.

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>

extern const int zero_constant;
extern const int zero_constant = 0;
int zero_variable = 0;
extern const char* const table_of_constant_pointers[];
extern const char* const table_of_constant_pointers[] = {"a", "b"};
char large_array[1'000'000];

namespace {

void print_place(const void* thing) {
    const auto address = reinterpret_cast<std::uintptr_t>(thing);
    std::FILE* maps = std::fopen("/proc/self/maps", "r");
    if (maps == nullptr) {
        std::exit(1);
    }
    char line[4500];
    while (std::fgets(line, sizeof line, maps) != nullptr) {
        std::uintptr_t start = 0;
        std::uintptr_t end = 0;
        char path[4096] = "anonymous";
        if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %*s %*s %*s %4095s", &start, &end, path) >= 2 &&
            address >= start && address < end) {
            std::printf("%#" PRIxPTR " %s\n", address, path);
        }
    }
    std::fclose(maps);
}

}  // namespace

int main() {
    void* block = std::malloc(100);
    print_place(reinterpret_cast<void*>(&main));
    print_place(block);
    print_place(&zero_variable);
    print_place(large_array + sizeof large_array - 1);
    std::thread([] {
        int local = 0;
        print_place(&local);
    }).join();
    std::free(block);
    return 0;
}
