// For answers.toml: COUNT blocks of SIZE bytes, freed in an ORDER: forwards, backwards, all-but-the-last.
// Prints "allocated" and "freed".

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace {

void print_line(const std::string& line) {
    if (write(STDOUT_FILENO, (line + "\n").data(), line.size() + 1) < 0) {
        std::exit(1);
    }
}

}  // namespace

int main(int argc, char* argv[]) {
    if (argc != 4) {
        return 2;
    }
    const std::size_t size = std::stoul(argv[1]);
    const std::size_t count = std::stoul(argv[2]);
    const std::string order = argv[3];
    std::vector<void*> blocks(count);  // allocated before them: it does not lie above them
    for (void*& block : blocks) {
        block = std::malloc(size);
    }
    print_line("allocated");
    const std::size_t kept = order == "all-but-the-last" ? 1 : 0;
    for (std::size_t i = 0; i < count - kept; ++i) {
        std::free(blocks[order == "backwards" ? count - 1 - i : i]);
    }
    print_line("freed");
    return 0;
}
