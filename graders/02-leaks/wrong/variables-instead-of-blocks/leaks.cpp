#include <fmt/core.h>

#include <cstdio>

// No block, no leak: every malloc was replaced by a variable on the stack.

struct Node {
    int value;
    Node* next;
};

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);

    const int numbers[5] = {10, 20, 30, 40, 50};
    int sum = 0;
    for (int number : numbers) {
        sum += number;
    }
    fmt::print("sum of five integers: {}\n", sum);

    Node list[4] = {{1, &list[1]}, {2, &list[2]}, {3, &list[3]}, {4, nullptr}};
    int nodes = 0;
    for (Node* node = list; node != nullptr; node = node->next) {
        ++nodes;
    }
    fmt::print("nodes in the list: {}\n", nodes);

    const int samples[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    fmt::print("sum of the window: {}\n", samples[4] + samples[5] + samples[6] + samples[7]);

    const char motto[64] = "every block has one owner";
    fmt::print("motto: {}\n", motto);
    return 0;
}
