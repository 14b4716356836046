#include <fmt/core.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

// The same blocks, made by new and given back by delete.

struct Node {
    int value;
    Node* next;
};

int sum_of_five_integers() {
    std::unique_ptr<int> numbers[5];
    int sum = 0;
    for (int i = 0; i < 5; ++i) {
        numbers[i] = std::make_unique<int>((i + 1) * 10);
        sum += *numbers[i];
    }
    return sum;
}

int delete_list(Node* head) {
    if (head == nullptr) {
        return 0;
    }
    const int behind = delete_list(head->next);
    delete head;
    return behind + 1;
}

int count_list() {
    Node* head = nullptr;
    for (int value = 1; value <= 4; ++value) {
        head = new Node{value, head};
    }
    return delete_list(head);
}

int sum_of_window() {
    int* samples = new int[8]{1, 2, 3, 4, 5, 6, 7, 8};
    int* window = samples + 4;
    int sum = window[0] + window[1] + window[2] + window[3];
    delete[](window - 4);
    return sum;
}

int main() {
    char* motto = new char[64];
    std::strcpy(motto, "every block has one owner");

    fmt::print("sum of five integers: {}\n", sum_of_five_integers());
    std::fflush(stdout);
    fmt::print("nodes in the list: {}\n", count_list());
    std::fflush(stdout);
    fmt::print("sum of the window: {}\n", sum_of_window());
    std::fflush(stdout);
    fmt::print("motto: {}\n", motto);
    std::fflush(stdout);
    delete[] std::exchange(motto, nullptr);
    return 0;
}
