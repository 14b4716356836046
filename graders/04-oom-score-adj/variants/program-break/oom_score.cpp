#include <fmt/core.h>

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <thread>

namespace {

std::string read_at(int folder, const char* name) {
    char text[32] = {};
    const int fd = openat(folder, name, O_RDONLY);
    const ssize_t length = read(fd, text, sizeof text);
    close(fd);
    return length > 1 ? std::string(text, static_cast<std::size_t>(length) - 1) : "?";
}

int write_at(int folder, const char* name, const std::string& text) {
    const int fd = openat(folder, name, O_WRONLY);
    const int error = write(fd, text.data(), text.size()) < 0 ? errno : 0;
    close(fd);
    return error;
}

}  // namespace

int main(int argc, char** argv) {
    mallopt(M_MMAP_MAX, 0);
    std::setvbuf(stdout, nullptr, _IONBF, 0);

    std::optional<std::string> adj;
    std::size_t chunk = 100;
    std::size_t limit = 0;
    int pause = 2;
    for (int i = 1; i < argc; i += 2) {
        const std::string name = argv[i];
        const std::string value = i + 1 < argc ? argv[i + 1] : "";
        const bool known =
            name == "--adj" || name == "--chunk-mb" || name == "--limit-mb" || name == "--pause";
        if (!known || value.empty() ||
            value.find_first_not_of("0123456789", value[0] == '-') < value.size()) {
            std::fputs("oom_score: I do not understand these options\n", stderr);
            return 2;
        }
        if (name == "--adj")
            adj = std::to_string(std::stol(argv[i + 1]));
        if (name == "--chunk-mb")
            chunk = std::stoul(argv[i + 1]);
        if (name == "--limit-mb")
            limit = std::stoul(argv[i + 1]);
        if (name == "--pause")
            pause = std::stoi(argv[i + 1]);
    }

    const int self = open("/proc/self", O_PATH | O_DIRECTORY);
    fmt::print("Process ID: {}\n", getpid());
    fmt::print("oom_score before: {}\n", read_at(self, "oom_score"));
    if (adj) {
        if (const int error = write_at(self, "oom_score_adj", *adj); error != 0) {
            fmt::print(stderr, "oom_score: cannot set oom_score_adj to {}: {}\n", *adj, std::strerror(error));
            return 1;
        }
        fmt::print("oom_score after: {}\n", read_at(self, "oom_score"));
    }

    for (std::size_t done = 0; limit == 0 || done < limit;) {
        void* block = std::malloc(chunk << 20U);
        if (!block) {
            std::fputs("oom_score: out of address space\n", stderr);
            return 3;
        }
        std::memset(block, 0xff, chunk << 20U);
        done += chunk;
        fmt::print("{:#x} {} MB\n", reinterpret_cast<std::size_t>(block), done);
        if (limit == 0 || done < limit)
            std::this_thread::sleep_for(std::chrono::seconds(pause));
    }
}
