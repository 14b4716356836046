#include "grading/lab/once.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace vmlab::grading {
namespace {

TEST(OnceTest, IsMadeOnceForEverybody) {
    Once<int> once;
    std::atomic<int> made{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] { EXPECT_EQ(once.get([&] { return ++made; }), 1); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(made, 1);
}

TEST(OnceTest, AnExceptionIsForEverybodyToo) {
    Once<int> once;
    int tried = 0;
    const auto make = [&]() -> int {
        ++tried;
        throw std::runtime_error("no");
    };
    EXPECT_THROW(once.get(make), std::runtime_error);
    EXPECT_THROW(once.get(make), std::runtime_error);
    EXPECT_EQ(tried, 1);
}

}  // namespace
}  // namespace vmlab::grading
