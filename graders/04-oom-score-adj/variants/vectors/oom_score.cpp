#include <fmt/core.h>

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <list>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace {

std::string kernel_says() {
    std::string score;
    std::ifstream("/proc/self/oom_score") >> score;
    return score;
}

int number_after(const std::vector<std::string>& words, const std::string& name, int otherwise) {
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
        if (words[i] == name)
            return std::stoi(words[i + 1]);
    return otherwise;
}

bool is_number(const std::string& word) {
    const std::size_t first = word.starts_with('-') ? 1 : 0;
    return word.size() > first && word.find_first_not_of("0123456789", first) == std::string::npos;
}

void grow(std::size_t chunk_mb, std::size_t limit_mb, std::chrono::seconds pause) {
    std::list<std::vector<unsigned char>> chunks;
    while (limit_mb == 0 || chunks.size() * chunk_mb < limit_mb) {
        try {
            chunks.emplace_back(chunk_mb * 1024 * 1024);
        } catch (const std::bad_alloc&) {
            fmt::print(stderr, "oom_score: bad_alloc after {} MB\n", chunks.size() * chunk_mb);
            std::_Exit(3);
        }
        fmt::print("{} {} MB\n", static_cast<void*>(chunks.back().data()), chunks.size() * chunk_mb);
        std::fflush(stdout);
        std::this_thread::sleep_for(pause);
    }
    std::_Exit(0);
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv, argv + argc);
    for (std::size_t i = 1; i < words.size(); i += 2) {
        const bool known = words[i] == "--adj" || words[i] == "--chunk-mb" || words[i] == "--limit-mb" ||
                           words[i] == "--pause";
        if (!known || i + 1 == words.size() || !is_number(words[i + 1])) {
            fmt::print(stderr, "oom_score: what is {}?\n", words[i]);
            return 2;
        }
    }
    fmt::print("Process ID: {}\noom_score before: {}\n", getpid(), kernel_says());
    std::fflush(stdout);

    if (const int adj = number_after(words, "--adj", 1 << 20); adj != 1 << 20) {
        std::ofstream file("/proc/self/oom_score_adj", std::ios::out);
        file << adj;
        file.close();
        if (file.fail()) {
            fmt::print(stderr, "oom_score: cannot set oom_score_adj to {}: {}\n", adj, std::strerror(errno));
            return 1;
        }
        fmt::print("oom_score after: {}\n", kernel_says());
        std::fflush(stdout);
    }

    std::thread(grow, static_cast<std::size_t>(number_after(words, "--chunk-mb", 100)),
                static_cast<std::size_t>(number_after(words, "--limit-mb", 0)),
                std::chrono::seconds(number_after(words, "--pause", 2)))
        .join();
}
