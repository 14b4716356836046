#include <fmt/core.h>

#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
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

struct Free {
    void operator()(void* block) const { std::free(block); }
};
template <class T>
using Block = std::unique_ptr<T[], Free>;

template <class T>
Block<T> allocate() {
    return Block<T>(static_cast<T*>(std::malloc(elements * sizeof(T))));
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
        const Block<int> first = allocate<int>();
        const Block<unsigned long> second = allocate<unsigned long>();
        if (first == nullptr || second == nullptr) {
            return no_memory();
        }
        print_address(first.get(), "\t");
        print_address(second.get(), "\n");
        sleep(pause_in_seconds);
    }
    return EXIT_SUCCESS;
}
