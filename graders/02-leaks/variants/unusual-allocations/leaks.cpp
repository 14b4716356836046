#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>

// Every block by another way to allocate, and given back in another place.

void* checked(void* block) {
    if (block == nullptr) {
        fmt::print(stderr, "leaks: out of memory\n");
        std::exit(EXIT_FAILURE);
    }
    return block;
}

struct Node {
    int value;
    Node* next;
};

struct Motto {
    char* text = nullptr;
    ~Motto() { std::free(text); }
};

Motto motto;

void* aligned_block(std::size_t size) {
    void* block = nullptr;
    return checked(posix_memalign(&block, sizeof(void*), size) == 0 ? block : nullptr);
}

int sum_of_five_integers() {
    int sum = 0;
    for (int i = 1; i <= 5; ++i) {
        int* number = static_cast<int*>(aligned_block(sizeof(int)));
        *number = 10 * i;
        sum += *number;
        std::free(number);
    }
    return sum;
}

void free_list(Node* head) {
    while (head != nullptr) {
        Node* rest = head->next;
        std::free(head);
        head = rest;
    }
}

int count_list() {
    Node* head = nullptr;
    for (int value = 1; value <= 4; ++value) {
        Node* node = static_cast<Node*>(checked(std::aligned_alloc(16, sizeof(Node))));
        node->value = value;
        node->next = head;
        head = node;
    }
    int nodes = 0;
    for (const Node* node = head; node != nullptr; node = node->next) {
        ++nodes;
    }
    std::thread(free_list, head).join();
    return nodes;
}

int sum_of_window() {
    int* samples = static_cast<int*>(checked(reallocarray(nullptr, 8, sizeof(int))));
    for (int i = 0; i < 8; ++i) {
        samples[i] = i + 1;
    }
    const int sum = samples[4] + samples[5] + samples[6] + samples[7];
    std::free(samples);
    return sum;
}

struct alignas(64) Line {
    int numbers[32];
};

// A block more than the task asks for.
int first_of_a_line() {
    Line* line = new Line{};
    const int first = line->numbers[0];
    delete line;
    return first;
}

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);

    motto.text = static_cast<char*>(checked(std::calloc(8, 8)));
    std::strcpy(motto.text, "every block has one owner");
    fmt::print("sum of five integers: {}\n", sum_of_five_integers());
    fmt::print("nodes in the list: {}\n", count_list());
    fmt::print("sum of the window: {}\n", sum_of_window() + first_of_a_line());
    fmt::print("motto: {}\n", motto.text);
    return 0;
}
