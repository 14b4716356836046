#include "vmlab/grading/draw.hpp"

#include <gtest/gtest.h>

#include <set>

namespace vmlab::grading {
namespace {

TEST(Draw, KeepsToItsBoundsAndReachesThem) {
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) {
        seen.insert(drawn(5, 8));
    }
    EXPECT_EQ(seen, (std::set<std::uint64_t>{5, 6, 7, 8}));  // one of them missing: less than 1 in 10^124
    EXPECT_EQ(drawn(7, 7), 7U);
}

TEST(Draw, DrawsAnother) {
    EXPECT_NE(drawn(0, ~std::uint64_t{0}), drawn(0, ~std::uint64_t{0}));
}

}  // namespace
}  // namespace vmlab::grading
