#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

// One object knows every block of the program, and its destructor frees them.

struct Node {
    int value;
    Node* next;
};

void* checked(void* block) {
    if (block == nullptr) {
        fmt::print(stderr, "leaks: out of memory\n");
        std::exit(EXIT_FAILURE);
    }
    return block;
}

class Memory {
  public:
    int* numbers[5] = {};
    Node* nodes[4] = {};
    int* samples = nullptr;
    char* motto = nullptr;

    Memory() = default;
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() {
        for (int* number : numbers) {
            std::free(number);
        }
        for (Node* node : nodes) {
            std::free(node);
        }
        std::free(samples);
        std::free(motto);
    }
};

void print_line(const char* name, int value) {
    fmt::print("{}: {}\n", name, value);
    std::fflush(stdout);
}

int main() {
    Memory memory;

    int sum = 0;
    for (int i = 0; i < 5; ++i) {
        memory.numbers[i] = static_cast<int*>(checked(std::malloc(sizeof(int))));
        *memory.numbers[i] = 10 * (i + 1);
        sum += *memory.numbers[i];
    }
    print_line("sum of five integers", sum);

    Node* head = nullptr;
    for (int i = 0; i < 4; ++i) {
        memory.nodes[i] = static_cast<Node*>(checked(std::malloc(sizeof(Node))));
        *memory.nodes[i] = Node{i + 1, head};
        head = memory.nodes[i];
    }
    int nodes = 0;
    for (Node* node = head; node != nullptr; node = node->next) {
        ++nodes;
    }
    print_line("nodes in the list", nodes);

    memory.samples = static_cast<int*>(checked(std::malloc(8 * sizeof(int))));
    sum = 0;
    for (int i = 0; i < 8; ++i) {
        memory.samples[i] = i + 1;
        sum += i < 4 ? 0 : memory.samples[i];
    }
    print_line("sum of the window", sum);

    memory.motto = static_cast<char*>(checked(std::malloc(64)));
    std::strcpy(memory.motto, "every block has one owner");
    fmt::print("motto: {}\n", memory.motto);
    std::fflush(stdout);
    return 0;
}
