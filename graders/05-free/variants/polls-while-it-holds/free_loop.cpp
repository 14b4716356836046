// Activity 5: give memory back with free().
//
// Each round allocates two large blocks, prints where they lie, gives both back and sleeps. A block is freed
// by whoever holds the last pointer to it, before that pointer is overwritten.
//
//     free_loop [ROUNDS]      ROUNDS rounds; 0 or nothing: forever

#include <fmt/core.h>

#include <poll.h>
#include <sys/select.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

constexpr std::size_t elements = 5'000'000;
constexpr unsigned int pause_in_seconds = 2;

// Turns the text of a whole number into that number. Says whether it was one.
bool read_rounds(std::string_view text, unsigned long& rounds) {
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), rounds);
    return error == std::errc{} && stop == text.data() + text.size();
}

// fmt prints the address in a pointer only if the pointer is a void*: it refuses to guess for an int*.
// `end` follows the address. Each completed line is written out at once, also into a pipe.
void print_address(const void* block, std::string_view end) {
    fmt::print("{}{}", block, end);
    if (end == "\n") {
        std::fflush(stdout);
    }
}

int no_memory() {
    fmt::print(stderr, "free_loop: malloc returned NULL\n");
    return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char* argv[]) {
    unsigned long rounds = 0;
    if (argc > 2 || (argc == 2 && !read_rounds(argv[1], rounds))) {
        fmt::print(stderr, "free_loop: the only argument is ROUNDS, a whole number; 0 or nothing: forever\n");
        return 2;
    }

    for (unsigned long round = 1; rounds == 0 || round <= rounds; ++round) {
        int* first = static_cast<int*>(std::malloc(elements * sizeof(int)));
        if (first == nullptr) {
            return no_memory();
        }
        print_address(first, "\t");

        unsigned long* second = static_cast<unsigned long*>(std::malloc(elements * sizeof(unsigned long)));
        if (second == nullptr) {
            return no_memory();
        }
        print_address(second, "\n");

        if (round % 2 == 0) {
            poll(nullptr, 0, static_cast<int>(pause_in_seconds) * 1000);
        } else {
            timeval pause{static_cast<time_t>(pause_in_seconds), 0};
            select(0, nullptr, nullptr, nullptr, &pause);
        }
        std::free(first);
        std::free(second);
    }
    return EXIT_SUCCESS;
}
