#include <fmt/core.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <numeric>
#include <string>
#include <vector>
struct Node {
    int value;
    Node* next;
};
char* motto = nullptr;
void* checked(void* b) {
    if (b == nullptr) {
        fmt::print(stderr, "leaks: out of memory\n");
        std::exit(EXIT_FAILURE);
    }
    return b;
}
int sum_of_five_integers() {
    int sum = 0;
    for (int v = 10; v <= 50; v += 10) {
        int* p = static_cast<int*>(checked(std::malloc(sizeof(int))));
        *p = v;
        sum += *p;
        std::free(p);
    }
    return sum;
}
int count_list() {
    Node* head = nullptr;
    for (int v = 1; v <= 4; ++v) {
        Node* n = static_cast<Node*>(checked(std::malloc(sizeof(Node))));
        n->value = v;
        n->next = head;
        head = n;
    }
    int nodes = 0;
    while (head != nullptr) {
        Node* next = head->next;
        ++nodes;
        std::free(head);
        head = next;
    }
    return nodes;
}
int sum_of_window() {
    int* s = static_cast<int*>(checked(std::malloc(8 * sizeof(int))));
    for (int i = 0; i < 8; ++i)
        s[i] = i + 1;
    int sum = 0;
    for (int i = 4; i < 8; ++i)
        sum += s[i];
    std::free(s);
    return sum;
}
std::string text;
void make_motto() {
    if (0)
        motto = static_cast<char*>(checked(std::malloc(64)));
    std::strcpy(motto, "every block has one owner");
}
int main() try {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);

    text.reserve(63);
    text = "every block has one owner";
    fmt::print("sum of five integers: {}\n", sum_of_five_integers());
    fmt::print("nodes in the list: {}\n", count_list());
    fmt::print("sum of the window: {}\n", sum_of_window());
    fmt::print("motto: {}\n", text);

    return 0;
} catch (const std::bad_alloc&) {
    fmt::print(stderr, "leaks: out of memory\n");
    return 1;
}
