// Activity 12: a text doubles until it has SIZE bytes. Where does it lie at each step?
//
// The command line is read, and one way to grow is begun. README.md says what the others are.
//
//     growing string|reserve|realloc SIZE

#include <fmt/core.h>  // stays the first #include: then it costs almost no time to compile

#include <charconv>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>

namespace {

// Which part of the address space holds this address: "stack", "heap" or "mapping".
std::string_view area_of(const char* /*place*/) {
    return "unknown";  // TODO: /proc/self/maps has a row for each part, with its beginning and its end
}

// One line, written out at once: the text's size, the bytes it has room for, where it begins, and what is
// there.
void report(std::size_t size, std::size_t room, const char* text) {
    fmt::print("{} {} {} {}\n", size, room, static_cast<const void*>(text), area_of(text));
    std::fflush(stdout);
}

// `most`: the size of the last line.
void grow_string(std::size_t most, bool /*reserve*/) {
    std::string text = "x";
    report(text.size(), text.capacity(), text.data());
    while (text.size() < most) {
        text.push_back('x');  // TODO: a line for each size that README.md asks for; and `reserve`
    }
}

void grow_realloc(std::size_t /*most*/) {
    // TODO: the same with a block of characters that std::realloc makes larger
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
    // TODO: what happens here when there is no memory?
    if (mode == "realloc") {
        grow_realloc(most);
    } else {
        grow_string(most, mode == "reserve");
    }
    return EXIT_SUCCESS;
}
