#include "vmlab/evidence/native_blocks.hpp"

#include <gmock/gmock.h>

namespace vmlab::evidence {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(NativeBlocks, AreThoseThatWereNotGivenBack) {
    const NativeBlocks blocks = native_blocks("+55e0 4\n+55f0 4\n-55e0\n+5600 64\n+5700 4\n-5700\n");
    EXPECT_EQ(blocks.taken, 4U);
    EXPECT_THAT(blocks.never_freed, ElementsAre(Pair(4, 1), Pair(64, 1)));
}

TEST(NativeBlocks, OfOneAddressFollowEachOther) {
    EXPECT_THAT(native_blocks("+a 16\n-a\n+a 32\n-a\n").never_freed, IsEmpty());
    EXPECT_THAT(native_blocks("+a 16\n-a\n+a 32\n").never_freed, ElementsAre(Pair(32, 1)));
}

TEST(NativeBlocks, PassesOverWhatIsNoRow) {
    const NativeBlocks blocks = native_blocks("\n+\n-\n+zz 4\n+10\n+10 \n+10 x\n*10 4\n-77\n+20 8");
    EXPECT_EQ(blocks.taken, 1U);
    EXPECT_THAT(blocks.never_freed, ElementsAre(Pair(8, 1)));
}

}  // namespace
}  // namespace vmlab::evidence
