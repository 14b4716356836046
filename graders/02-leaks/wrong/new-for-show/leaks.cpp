#include <fmt/core.h>

#include <cstdio>

struct Node {
    long value;
    Node* next;
};

int main() {
    for (int i = 0; i < 5; ++i) {
        delete new int;
    }
    for (int i = 0; i < 4; ++i) {
        delete new Node;
    }
    delete[] new int[8];
    delete[] new char[64];
    fmt::print("sum of five integers: 150\n");
    fmt::print("nodes in the list: 4\n");
    fmt::print("sum of the window: 26\n");
    fmt::print("motto: every block has one owner\n");
    std::fflush(stdout);
    return 0;
}
