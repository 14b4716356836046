#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

// Activity 2: eleven blocks of memory are allocated and none is ever freed. They are lost in the four ways
// that Memcheck tells apart. First watch this program as it stands and fill in answers.toml; then change it.
//
// TODO: free every block, each exactly once, and use no block after it was freed. The report stays the same.

struct Node {
    int value;
    Node* next;
};

// Global variables exist until the process ends, and so do the addresses in them.
int* window = nullptr;
char* motto = nullptr;

// Returns the block, or ends the program with a message if malloc could not get one.
void* checked(void* block) {
    if (block == nullptr) {
        fmt::print(stderr, "leaks: out of memory\n");
        std::exit(EXIT_FAILURE);
    }
    return block;
}

// Five integers, as in activity 1: each new address overwrites the one before.
int sum_of_five_integers() {
    int sum = 0;

    int* number = static_cast<int*>(checked(std::malloc(sizeof(int))));
    *number = 10;
    sum += *number;
    // std::free(number);  // uncomment this line, and only this one, for [one_free] in answers.toml

    number = static_cast<int*>(checked(std::malloc(sizeof(int))));
    *number = 20;
    sum += *number;

    number = static_cast<int*>(checked(std::malloc(sizeof(int))));
    *number = 30;
    sum += *number;

    number = static_cast<int*>(checked(std::malloc(sizeof(int))));
    *number = 40;
    sum += *number;

    number = static_cast<int*>(checked(std::malloc(sizeof(int))));
    *number = 50;
    sum += *number;

    return sum;
}

// A list of four nodes: when the function returns, nobody knows the head any more.
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
    return nodes;
}

// Eight samples, of which the last four are wanted: in the end window points into the middle of the block.
int sum_of_window() {
    int* samples = static_cast<int*>(checked(std::malloc(8 * sizeof(int))));
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
    return 0;
}
