#include <fmt/core.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace {

struct Settings {
    bool adjust = false;
    int adj = 0;
    std::size_t chunk_mb = 100;
    std::size_t limit_mb = 0;
    long pause = 2;
};

std::string proc_file(std::string_view name) {
    return fmt::format("/proc/{}/{}", getpid(), name);
}

int score() {
    std::ifstream file(proc_file("oom_score"));
    std::string line;
    std::getline(file, line);
    return std::stoi(line);
}

std::error_code set_adjustment(int adj) {
    std::ofstream file(proc_file("oom_score_adj"));
    errno = 0;
    file << adj << std::endl;
    if (!file)
        return {errno, std::system_category()};
    return {};
}

int grow(const Settings& settings) {
    std::vector<std::unique_ptr<char[]>> blocks;
    for (std::size_t total = settings.chunk_mb; settings.limit_mb == 0 || total <= settings.limit_mb;
         total += settings.chunk_mb) {
        const std::size_t bytes = settings.chunk_mb << 20U;
        auto& block = blocks.emplace_back(new (std::nothrow) char[bytes]);
        if (!block) {
            fmt::print(stderr, "oom_score: no memory left after {} MB\n", total - settings.chunk_mb);
            return 3;
        }
        std::fill_n(block.get(), bytes, 'x');
        fmt::print("{} {} MB\n", static_cast<const void*>(block.get()), total);
        std::fflush(stdout);
        std::this_thread::sleep_for(std::chrono::seconds(settings.pause));
    }
    return 0;
}

int bad_usage() {
    fmt::print(stderr, "oom_score: bad usage\n");
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        long value = 0;
        if (++i == argc)
            return bad_usage();
        const std::string_view text = argv[i];
        if (std::from_chars(text.begin(), text.end(), value).ptr != text.end())
            return bad_usage();
        if (name == "--adj") {
            settings.adjust = true;
            settings.adj = static_cast<int>(value);
        } else if (name == "--chunk-mb" && value > 0) {
            settings.chunk_mb = static_cast<std::size_t>(value);
        } else if (name == "--limit-mb" && value >= 0) {
            settings.limit_mb = static_cast<std::size_t>(value);
        } else if (name == "--pause" && value >= 0) {
            settings.pause = value;
        } else {
            return bad_usage();
        }
    }

    fmt::print("Process ID: {}\noom_score before: {}\n", getpid(), score());
    std::fflush(stdout);
    if (settings.adjust) {
        if (const std::error_code error = set_adjustment(settings.adj)) {
            fmt::print(stderr, "oom_score: cannot set oom_score_adj to {}: {}\n", settings.adj,
                       error.message());
            return 1;
        }
        fmt::print("oom_score after: {}\n", score());
        std::fflush(stdout);
    }
    return grow(settings);
}
