#include <fmt/core.h>

#include <getopt.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

struct Node {
    char* block;
    Node* next;
};

static long read_score(void) {
    long score = -1;
    std::FILE* file = std::fopen("/proc/thread-self/oom_score", "r");
    if (file != nullptr) {
        if (std::fscanf(file, "%ld", &score) != 1)
            score = -1;
        std::fclose(file);
    }
    return score;
}

static long own_pid(void) {
    char link[32] = {};
    if (readlink("/proc/self", link, sizeof link - 1) < 0)
        return -1;
    return std::atol(link);
}

static long number(const char* text) {
    char* end = nullptr;
    const long value = std::strtol(text, &end, 10);
    if (end == text || *end != '\0') {
        fmt::print(stderr, "oom_score: {} is no number\n", text);
        std::exit(2);
    }
    return value;
}

int main(int argc, char** argv) {
    const option names[] = {{"adj", required_argument, nullptr, 'a'},
                            {"chunk-mb", required_argument, nullptr, 'c'},
                            {"limit-mb", required_argument, nullptr, 'l'},
                            {"pause", required_argument, nullptr, 'p'},
                            {nullptr, 0, nullptr, 0}};
    const char* adj = nullptr;  // as it was typed
    long adj_value = 0;
    unsigned long chunk_mb = 100;
    unsigned long limit_mb = 0;
    unsigned int pause_seconds = 2;
    for (int name; (name = getopt_long(argc, argv, "", names, nullptr)) != -1;) {
        switch (name) {
            case 'a':
                adj_value = number(adj = optarg);
                break;
            case 'c':
                chunk_mb = static_cast<unsigned long>(number(optarg));
                break;
            case 'l':
                limit_mb = static_cast<unsigned long>(number(optarg));
                break;
            case 'p':
                pause_seconds = static_cast<unsigned int>(number(optarg));
                break;
            default:
                return 2;
        }
    }

    fmt::print("Process ID: {}\n", own_pid());
    fmt::print("oom_score before: {}\n", read_score());
    std::fflush(stdout);

    if (adj != nullptr) {
        std::FILE* file = std::fopen("/proc/self/oom_score_adj", "w");
        if (file == nullptr || std::fprintf(file, "%ld", adj_value) < 0 || std::fclose(file) != 0) {
            fmt::print(stderr, "oom_score: cannot set oom_score_adj to {}: {}\n", adj, std::strerror(errno));
            std::exit(1);
        }
        fmt::print("oom_score after: {}\n", read_score());
        std::fflush(stdout);
    }

    Node* blocks = nullptr;
    unsigned long total_mb = 0;
    while (true) {
        Node* node = static_cast<Node*>(std::malloc(sizeof(Node)));
        if (node != nullptr)
            node->block = static_cast<char*>(std::calloc(chunk_mb, 1048576));
        if (node == nullptr || node->block == nullptr) {
            fmt::print(stderr, "oom_score: calloc returned NULL after {} MB\n", total_mb);
            return 3;
        }
        node->next = blocks;
        blocks = node;
        for (char* page = node->block + chunk_mb * 1048576; page > node->block; page -= 4096)
            page[-1] = 1;
        total_mb += chunk_mb;
        fmt::print("{} {} MB\n", static_cast<void*>(blocks->block), total_mb);
        std::fflush(stdout);
        if (limit_mb != 0 && total_mb >= limit_mb)
            return 0;
        for (unsigned int i = 0; i < pause_seconds * 4; ++i)
            usleep(250000);
    }
}
