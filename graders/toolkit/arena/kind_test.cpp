#include <gtest/gtest.h>

#include "vmlab/arena/arena.hpp"

namespace vmlab::arena {
namespace {

TEST(KindChoice, KnowsTheWordsOfTheCommand) {
    EXPECT_EQ(kind_choice("auto").value(), KindChoice::automatic);
    EXPECT_EQ(kind_choice("cgroup2").value(), KindChoice::cgroup2);
    EXPECT_EQ(kind_choice("cgroup1").value(), KindChoice::cgroup1);
    EXPECT_EQ(kind_choice("vm").value(), KindChoice::vm);
}

TEST(KindChoice, NamesTheWordsForAnyOther) {
    const auto choice = kind_choice("docker");
    ASSERT_FALSE(choice);
    EXPECT_EQ(choice.error().what, "there is no arena 'docker'");
    EXPECT_EQ(choice.error().fix, "choose auto, cgroup2, cgroup1 or vm");
}

TEST(NameOf, IsTheWordOfTheCommand) {
    EXPECT_EQ(name_of(Kind::cgroup2), "cgroup2");
    EXPECT_EQ(name_of(Kind::cgroup1), "cgroup1");
    EXPECT_EQ(name_of(Kind::vm), "vm");
}

}  // namespace
}  // namespace vmlab::arena
