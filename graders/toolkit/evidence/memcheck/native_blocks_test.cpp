#include "vmlab/evidence/native_blocks.hpp"

#include <gmock/gmock.h>

namespace vmlab::evidence {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(NativeBlocks, AreThoseThatWereNotGivenBack) {
    const NativeBlocks blocks = native_blocks("+55e0 4\n+55f0 4\n-55e0\n+5600 64\n+5700 4\n-5700\n");
    EXPECT_THAT(blocks.taken, ElementsAre(Pair(4, 3), Pair(64, 1)));
    EXPECT_THAT(blocks.addresses, ElementsAre(0x55e0, 0x55f0, 0x5600, 0x5700));
    EXPECT_THAT(blocks.never_freed, ElementsAre(Pair(4, 1), Pair(64, 1)));
}

TEST(NativeBlocks, OfOneAddressFollowEachOther) {
    EXPECT_THAT(native_blocks("+a 16\n-a\n+a 32\n-a\n").never_freed, IsEmpty());
    EXPECT_THAT(native_blocks("+a 16\n-a\n+a 32\n").never_freed, ElementsAre(Pair(32, 1)));
}

TEST(NativeBlocks, PassesOverWhatIsNoRow) {
    const NativeBlocks blocks = native_blocks("\n+\n-\n+zz 4\n+10\n+10 \n+10 x\n*10 4\n-77\n+20 8");
    EXPECT_THAT(blocks.taken, ElementsAre(Pair(8, 1)));
    EXPECT_THAT(blocks.never_freed, ElementsAre(Pair(8, 1)));
}

TEST(NativeBlocks, OfLibrariesAreTheirsToFree) {
    const NativeBlocks blocks = native_blocks("~a 64\n+b 64\n~c 72704\n-b\n");
    EXPECT_THAT(blocks.taken, ElementsAre(Pair(64, 2), Pair(72704, 1)));
    EXPECT_THAT(blocks.never_freed, IsEmpty());
}

TEST(NativeBlocks, SaysWhetherTheEndWasHeard) {
    EXPECT_TRUE(native_blocks("+a 16\n=\n-a\n").to_the_end);
    EXPECT_THAT(native_blocks("+a 16\n=\n-a\n").never_freed, IsEmpty());
    EXPECT_FALSE(native_blocks("+a 16\n-a\n").to_the_end);
}

}  // namespace
}  // namespace vmlab::evidence
