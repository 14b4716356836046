#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

static const char* area_of(const char* place) {
    char here = 0;
    if (place > &here) {
        return "stack";
    }
    return place < static_cast<char*>(sbrk(0)) ? "heap" : "mapping";
}

static void report(std::size_t size, std::size_t room, const char* text) {
    std::printf("%zu %zu 0x%016lX %s\n", size, room, reinterpret_cast<std::uintptr_t>(text), area_of(text));
    std::fflush(stdout);
}

int main(int argc, char** argv) {
    char* end = nullptr;
    const unsigned long most = argc == 3 ? std::strtoul(argv[2], &end, 10) : 0;
    if (argc != 3 || most == 0 || *end != '\0' || argv[2][0] == '-' ||
        (std::strcmp(argv[1], "string") != 0 && std::strcmp(argv[1], "reserve") != 0 &&
         std::strcmp(argv[1], "realloc") != 0)) {
        std::fputs("growing string|reserve|realloc SIZE\n", stderr);
        return 2;
    }
    if (std::strcmp(argv[1], "realloc") == 0) {
        char* text = static_cast<char*>(std::malloc(1));
        for (std::size_t size = 1, filled = 0; text != nullptr;) {
            for (; filled < size; ++filled) {
                text[filled] = 'x';
            }
            report(size, size, text);
            if (size == most) {
                std::free(text);
                return 0;
            }
            size = 2 * size < most ? 2 * size : most;
            char* larger = static_cast<char*>(std::realloc(text, size));
            if (larger == nullptr) {
                std::free(text);
            }
            text = larger;
        }
        std::perror("growing");
        return 1;
    }
    try {
        std::string text;
        if (std::strcmp(argv[1], "reserve") == 0) {
            text.reserve(most);
        }
        std::size_t next = 1;
        while (text.size() < most) {
            text += 'x';
            if (text.size() == next) {
                report(text.size(), text.capacity(), text.c_str());
                next = 2 * next < most ? 2 * next : most;
            }
        }
    } catch (std::bad_alloc&) {
        std::fputs("growing: out of memory\n", stderr);
        return 1;
    }
    return 0;
}
