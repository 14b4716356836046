// Activity 12: a text doubles until it has SIZE bytes. Where does it lie at each step?
//
//     growing string|reserve|realloc SIZE

#include <fmt/core.h>  // stays the first #include: then it costs almost no time to compile

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <string>
#include <string_view>

namespace {

// Which part of the address space holds this address: /proc/self/maps has a row for each.
std::string_view area_of(const char* place) {
    const auto address = reinterpret_cast<std::uintptr_t>(place);
    std::ifstream maps("/proc/self/maps");
    for (std::string row; std::getline(maps, row);) {
        unsigned long start = 0;
        unsigned long end = 0;
        if (std::sscanf(row.c_str(), "%lx-%lx", &start, &end) == 2 && start <= address && address < end) {
            if (row.ends_with("[heap]")) {
                return "heap";
            }
            return row.ends_with("[stack]") ? "stack" : "mapping";
        }
    }
    return "nowhere";
}

// One line, written out at once: the text's size, the bytes it has room for, where it begins, and what is
// there.
void report(std::size_t size, std::size_t room, const char* text) {
    fmt::print("{} {} {} {}\n", size, room, static_cast<const void*>(text), area_of(text));
    std::fflush(stdout);
}

// The size after `size`: twice as much, but not more than asked for.
std::size_t next_size(std::size_t size, std::size_t most) {
    return size > most / 2 ? most : size * 2;
}

void grow_string(std::size_t most, bool reserve) {
    std::string text;
    if (reserve) {
        text.reserve(most);
    }
    for (text = "x"; text.size() < most;
         reserve ? text.resize(next_size(text.size(), most), 'x')
                 : void(text = text + std::string(next_size(text.size(), most) - text.size(), 'x'))) {
        report(text.size(), text.capacity(), text.data());
    }
    report(text.size(), text.capacity(), text.data());
}

void grow_realloc(std::size_t most) {
    char* text = nullptr;
    for (std::size_t filled = 0, size = 1; filled < most; filled = size, size = next_size(size, most)) {
        char* moved = static_cast<char*>(std::realloc(text, size));
        if (moved == nullptr) {
            std::free(text);
            throw std::bad_alloc();
        }
        text = moved;
        std::memset(text + filled, 'x', size - filled);
        report(size, size, text);
    }
    std::free(text);
}

}  // namespace

int main(int argc, char* argv[]) {
    const std::string_view mode = argc == 3 ? argv[1] : "";
    const std::string_view text = argc == 3 ? argv[2] : "";
    std::size_t most = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), most);
    if ((mode != "string" && mode != "reserve" && mode != "realloc") || error != std::errc{} ||
        stop != text.data() + text.size() || most == 0) {
        fmt::print(stderr, "growing: string|reserve|realloc SIZE, a whole number from 1 on\n");
        return 2;
    }
    try {
        if (mode == "realloc") {
            grow_realloc(most);
        } else {
            grow_string(most, mode == "reserve");
        }
    } catch (const std::exception& error) {
        fmt::print(stderr, "growing: {}\n", error.what());
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
