#include "cli/nearest.hpp"

#include <gtest/gtest.h>

namespace vmlab::cli {
namespace {

TEST(Nearest, FindsWhatWasMeant) {
    const std::vector<std::string> known = {"empty-main", "total-in-kib", "total-in-an-int"};
    EXPECT_EQ(nearest("total-in-kb", known), "total-in-kib");
    EXPECT_EQ(nearest("totalinkib", known), "total-in-kib");
    EXPECT_EQ(nearest("empty-main", known), "empty-main");
    EXPECT_EQ(nearest("emtpy_main", known), "empty-main");
}

TEST(Nearest, SaysNothingWhenNothingIsNear) {
    EXPECT_EQ(nearest("frees-twice", {"empty-main", "total-in-kib"}), std::nullopt);
    EXPECT_EQ(nearest("", {"ab"}), std::nullopt);
    EXPECT_EQ(nearest("ab", {}), std::nullopt);
}

TEST(Nearest, TakesTheFirstOfEquals) {
    EXPECT_EQ(nearest("abcd", {"abce", "abcf"}), "abce");
}

}  // namespace
}  // namespace vmlab::cli
