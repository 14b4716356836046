#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

// More blocks than were asked for: a vector of the five addresses, and the lines of the report as strings.

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

// Five integers, freed last first.
int sum_of_five_integers() {
    std::vector<int*> numbers;
    for (int value = 10; value <= 50; value += 10) {
        numbers.push_back(static_cast<int*>(checked(std::malloc(sizeof(int)))));
        *numbers.back() = value;
    }

    int sum = 0;
    while (!numbers.empty()) {
        sum += *numbers.back();
        std::free(numbers.back());
        numbers.pop_back();
    }
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
    std::vector<std::string> report;
    report.push_back("sum of five integers: " + std::to_string(sum_of_five_integers()));
    report.push_back("nodes in the list: " + std::to_string(count_list()));
    report.push_back("sum of the window: " + std::to_string(sum_of_window()));
    report.push_back("motto: " + std::string(motto));
    std::free(motto);
    motto = nullptr;
    for (const std::string& line : report) {
        fmt::print("{}\n", line);
    }
    return 0;
}
