// Activity 1: which way does the heap grow?
//
// Five times this program asks malloc for room for one int. It should print each address that malloc returns,
// compare them, and say whether they go up or down. README.md has the exact form of the output.

#include <fmt/core.h>  // stays the first #include: then it costs almost no time to compile

#include <cstdio>
#include <cstdlib>

int main() {
    // Write every line out as soon as it is complete, even when stdout is a pipe or a file.
    std::setvbuf(stdout, nullptr, _IOLBF, 0);

    // malloc returns void*, a pointer to anything. C++ wants to be told what it will point to.
    int* block = static_cast<int*>(std::malloc(sizeof(int)));

    // fmt prints the address in a pointer only if the pointer is a void*: it refuses to guess for an int*.
    fmt::print("{}\n", static_cast<void*>(block));

    // TODO: print the address of each of these blocks too. A loop is shorter than five copies.
    block = static_cast<int*>(std::malloc(sizeof(int)));
    block = static_cast<int*>(std::malloc(sizeof(int)));
    block = static_cast<int*>(std::malloc(sizeof(int)));
    block = static_cast<int*>(std::malloc(sizeof(int)));

    // TODO: malloc may return NULL. Then say so on stderr, print no direction, and return EXIT_FAILURE.

    // TODO: keep the addresses that you need, compare them, and print "heap grows up" or "heap grows down".

    return EXIT_SUCCESS;
}
