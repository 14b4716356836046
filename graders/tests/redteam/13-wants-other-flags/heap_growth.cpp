// Asks for optimisation, and for allocations that the compiler may take away.
#include <fmt/core.h>

#pragma GCC optimize("O3")

__attribute__((optimize("O3"), noinline)) bool pair_goes_up() {
    int* first = static_cast<int*>(__builtin_malloc(sizeof(int)));
    __builtin_free(first);
    return first != nullptr;
}

int main() {
    fmt::print("heap grows {}\n", pair_goes_up() ? "up" : "down");
}
