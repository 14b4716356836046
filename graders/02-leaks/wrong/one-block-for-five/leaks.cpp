#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

// One block of 20 bytes instead of five of 4: fewer frees to write.

struct Node {
    int value;
    Node* next;
};

char* motto = nullptr;

// Returns the block, or ends the program with a message if malloc could not get one.
void* checked(void* block) {
    if (block == nullptr) {
        fmt::print(stderr, "leaks: out of memory\n");
        std::exit(EXIT_FAILURE);
    }
    return block;
}

int sum_of_five_integers() {
    int* numbers = static_cast<int*>(checked(std::malloc(5 * sizeof(int))));
    int sum = 0;
    for (int i = 0; i < 5; ++i) {
        numbers[i] = 10 * (i + 1);
        sum += numbers[i];
    }
    std::free(numbers);
    return sum;
}

// A list of four nodes. A node holds the only address of the one behind it, so that is read before the free.
int count_list() {
    Node* head = nullptr;
    for (int value = 1; value <= 4; ++value) {
        Node* node = static_cast<Node*>(checked(std::malloc(sizeof(Node))));
        node->value = value;
        node->next = head;
        head = node;
    }

    int nodes = 0;
    for (Node* node = head; node != nullptr; node = node->next) {
        ++nodes;
    }

    while (head != nullptr) {
        Node* rest = head->next;
        std::free(head);
        head = rest;
    }
    return nodes;
}

// Eight samples, of which the last four are wanted. free() takes the address that malloc returned: samples.
int sum_of_window() {
    int* samples = static_cast<int*>(checked(std::malloc(8 * sizeof(int))));
    for (int i = 0; i < 8; ++i) {
        samples[i] = i + 1;
    }
    const int* window = samples + 4;

    int sum = 0;
    for (int i = 0; i < 4; ++i) {
        sum += window[i];
    }
    std::free(samples);
    return sum;
}

// A text that is in use to the end: main frees it after its last use.
void make_motto() {
    motto = static_cast<char*>(checked(std::malloc(64)));
    std::strcpy(motto, "every block has one owner");
}

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // each line is written as soon as it is complete

    make_motto();
    fmt::print("sum of five integers: {}\n", sum_of_five_integers());
    fmt::print("nodes in the list: {}\n", count_list());
    fmt::print("sum of the window: {}\n", sum_of_window());
    fmt::print("motto: {}\n", motto);

    std::free(motto);
    motto = nullptr;
    return 0;
}
