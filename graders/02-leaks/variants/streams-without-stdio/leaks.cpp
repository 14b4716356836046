#include <fmt/core.h>

#include <iostream>

#include <cstdio>
#include <cstdlib>
#include <cstring>

// Activity 2: eleven blocks of memory, each freed once, after its last use.

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

// Five integers: each is freed before the next address overwrites its own.
int sum_of_five_integers() {
    int sum = 0;

    int* number = static_cast<int*>(checked(std::malloc(sizeof(int))));
    *number = 10;
    sum += *number;
    std::free(number);

    number = static_cast<int*>(checked(std::malloc(sizeof(int))));
    *number = 20;
    sum += *number;
    std::free(number);

    number = static_cast<int*>(checked(std::malloc(sizeof(int))));
    *number = 30;
    sum += *number;
    std::free(number);

    number = static_cast<int*>(checked(std::malloc(sizeof(int))));
    *number = 40;
    sum += *number;
    std::free(number);

    number = static_cast<int*>(checked(std::malloc(sizeof(int))));
    *number = 50;
    sum += *number;
    std::free(number);

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
    std::ios::sync_with_stdio(false);

    make_motto();
    std::cout << "sum of five integers: " << sum_of_five_integers() << std::endl;
    std::cout << "nodes in the list: " << count_list() << std::endl;
    std::cout << "sum of the window: " << sum_of_window() << std::endl;
    std::cout << "motto: " << motto << std::endl;

    std::free(motto);
    motto = nullptr;
    return 0;
}
