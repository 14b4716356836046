#include <fmt/core.h>

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

// Memory that Memcheck does not watch: one mapping from the kernel, handed out piece by piece and never
// freed.

void* take(std::size_t bytes) {
    static char* next =
        static_cast<char*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    void* block = next;
    next += (bytes + 15) / 16 * 16;
    return block;
}

struct Node {
    int value;
    Node* next;
};

// Global variables exist until the process ends, and so do the addresses in them.
int* window = nullptr;
char* motto = nullptr;

// Five integers, as in activity 1: each new address overwrites the one before.
int sum_of_five_integers() {
    int sum = 0;

    int* number = static_cast<int*>(take(sizeof(int)));
    *number = 10;
    sum += *number;

    number = static_cast<int*>(take(sizeof(int)));
    *number = 20;
    sum += *number;

    number = static_cast<int*>(take(sizeof(int)));
    *number = 30;
    sum += *number;

    number = static_cast<int*>(take(sizeof(int)));
    *number = 40;
    sum += *number;

    number = static_cast<int*>(take(sizeof(int)));
    *number = 50;
    sum += *number;

    return sum;
}

// A list of four nodes: when the function returns, nobody knows the head any more.
int count_list() {
    Node* head = nullptr;
    for (int value = 1; value <= 4; ++value) {
        Node* node = static_cast<Node*>(take(sizeof(Node)));
        node->value = value;
        node->next = head;
        head = node;
    }

    int nodes = 0;
    for (Node* node = head; node != nullptr; node = node->next) {
        ++nodes;
    }
    return nodes;
}

// Eight samples, of which the last four are wanted: in the end window points into the middle of the block.
int sum_of_window() {
    int* samples = static_cast<int*>(take(8 * sizeof(int)));
    for (int i = 0; i < 8; ++i) {
        samples[i] = i + 1;
    }
    window = samples + 4;

    int sum = 0;
    for (int i = 0; i < 4; ++i) {
        sum += window[i];
    }
    return sum;
}

// A text that stays in use to the end, kept in a global pointer.
void make_motto() {
    motto = static_cast<char*>(take(64));
    std::strcpy(motto, "every block has one owner");
}

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // each line is written as soon as it is complete

    make_motto();
    fmt::print("sum of five integers: {}\n", sum_of_five_integers());
    fmt::print("nodes in the list: {}\n", count_list());
    fmt::print("sum of the window: {}\n", sum_of_window());
    fmt::print("motto: {}\n", motto);
    return 0;
}
