#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>

int main() {
    std::cout << std::unitbuf;
    char* lowest = nullptr;
    char* newest = nullptr;
    for (int i = 0; i < 7; ++i) {
        char* scratch = static_cast<char*>(std::calloc(3, 100));
        void* block = std::malloc(sizeof(int));
        void* grown = std::realloc(scratch, 5000);
        if (scratch == nullptr || block == nullptr || grown == nullptr) {
            std::cerr << "heap_growth"
                      << ": no memory for block " << i << '\n';
            return 1;
        }
        const std::string label(40, 'x');  // longer than the small string buffer: operator new
        newest = static_cast<char*>(block);
        if (lowest == nullptr)
            lowest = newest;
        std::cout << block << '\n';
        std::free(grown);
    }
    const auto distance = reinterpret_cast<std::size_t>(newest) - reinterpret_cast<std::size_t>(lowest);
    std::cout << "heap grows " << (static_cast<std::ptrdiff_t>(distance) > 0 ? "up" : "down") << std::endl;
}
