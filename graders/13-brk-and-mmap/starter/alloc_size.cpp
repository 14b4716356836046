// Activity 13: COUNT blocks of SIZE bytes, and all of them given back, ROUNDS times.
//
// As it stands the program prints the right lines and loses nearly every block: find out what becomes of
// them, and mend it.
//
//     alloc_size SIZE COUNT [ROUNDS]      whole numbers from 1 on; ROUNDS is 1 where it is missing

#include <fmt/core.h>  // stays the first #include: then it costs almost no time to compile

#include <charconv>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

// Turns the text of a whole number from 1 on into that number. Says whether it was one.
bool read_number(std::string_view text, std::size_t& number) {
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && stop == text.data() + text.size() && number > 0;
}

// Each line is written out at once, also into a pipe.
void print_line(std::string_view line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char* argv[]) {
    std::size_t size = 0;
    std::size_t count = 0;
    std::size_t rounds = 1;
    const bool understood = (argc == 3 || argc == 4) && read_number(argv[1], size) &&
                            read_number(argv[2], count) && (argc == 3 || read_number(argv[3], rounds));
    if (!understood) {
        fmt::print(stderr, "alloc_size: SIZE COUNT [ROUNDS], whole numbers from 1 on\n");
        return 2;
    }

    for (std::size_t round = 1; round <= rounds; ++round) {
        auto* sizes = new std::vector<std::size_t>(count, size);  // what has been asked for
        void* block = nullptr;
        for (const std::size_t each : *sizes) {
            block = std::malloc(each);
            if (block == nullptr) {
                fmt::print(stderr, "alloc_size: malloc returned NULL\n");
                return EXIT_FAILURE;
            }
            print_line(fmt::format("{}", block));
        }
        print_line("allocated");
        std::free(block);  // TODO: which blocks are still allocated now, and who knows where they are?
        print_line("freed");
    }
    return EXIT_SUCCESS;
}
