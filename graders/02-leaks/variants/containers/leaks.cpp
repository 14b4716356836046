#include <fmt/core.h>

#include <cstdio>
#include <forward_list>
#include <iterator>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

// The same blocks, each owned by an object of the standard library whose destructor gives it back.

int sum_of_five_integers() {
    int sum = 0;
    for (int value = 10; value <= 50; value += 10) {
        const auto number = std::make_unique<int>(value);
        sum += *number;
    }
    return sum;
}

long count_list() {
    std::forward_list<int> list;
    for (int value = 1; value <= 4; ++value) {
        list.push_front(value);
    }
    return std::distance(list.begin(), list.end());
}

int sum_of_window() {
    std::vector<int> samples(8);
    std::iota(samples.begin(), samples.end(), 1);
    return std::accumulate(samples.begin() + 4, samples.end(), 0);
}

int main() {
    std::string motto;
    motto.reserve(63);  // and one more for the terminating zero
    motto = "every block has one owner";

    fmt::print("sum of five integers: {}\n", sum_of_five_integers());
    std::fflush(stdout);
    fmt::print("nodes in the list: {}\n", count_list());
    std::fflush(stdout);
    fmt::print("sum of the window: {}\n", sum_of_window());
    std::fflush(stdout);
    fmt::print("motto: {}\n", motto);
    std::fflush(stdout);
    return 0;
}
