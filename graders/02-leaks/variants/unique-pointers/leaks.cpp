#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

// Every block is owned by a unique_ptr, whose deleter is free().

struct Free {
    void operator()(void* block) const { std::free(block); }
};

template <typename T>
using Owned = std::unique_ptr<T[], Free>;

template <typename T>
Owned<T> allocate(std::size_t count) {
    void* block = std::malloc(count * sizeof(T));
    if (block == nullptr) {
        fmt::print(stderr, "leaks: out of memory\n");
        std::exit(EXIT_FAILURE);
    }
    return Owned<T>(static_cast<T*>(block));
}

int sum_of_five_integers() {
    int sum = 0;
    Owned<int> number;
    for (int value = 10; value <= 50; value += 10) {
        number = allocate<int>(1);
        number[0] = value;
        sum += number[0];
    }
    return sum;
}

struct Node {
    int value;
    Owned<Node> next;
};

int count_list() {
    Owned<Node> head;
    for (int value = 1; value <= 4; ++value) {
        Owned<Node> node = allocate<Node>(1);
        node[0].value = value;
        new (&node[0].next) Owned<Node>(std::move(head));
        head = std::move(node);
    }

    int nodes = 0;
    while (head) {
        ++nodes;
        Owned<Node> rest = std::move(head[0].next);
        head = std::move(rest);
    }
    return nodes;
}

int sum_of_window() {
    const Owned<int> samples = allocate<int>(8);
    for (int i = 0; i < 8; ++i) {
        samples[static_cast<std::size_t>(i)] = i + 1;
    }
    int sum = 0;
    for (const int* window = &samples[4]; window != &samples[0] + 8; ++window) {
        sum += *window;
    }
    return sum;
}

Owned<char> motto;

int main() {
    motto = allocate<char>(64);
    std::strcpy(motto.get(), "every block has one owner");

    fmt::print("sum of five integers: {}\n", sum_of_five_integers());
    std::fflush(stdout);
    fmt::print("nodes in the list: {}\n", count_list());
    std::fflush(stdout);
    fmt::print("sum of the window: {}\n", sum_of_window());
    std::fflush(stdout);
    fmt::print("motto: {}\n", motto.get());
    std::fflush(stdout);
    return 0;
}
