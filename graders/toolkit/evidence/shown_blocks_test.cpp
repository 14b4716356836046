#include "vmlab/evidence/shown_blocks.hpp"

#include <gmock/gmock.h>

namespace vmlab::evidence {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(ShownBlocks, AreWhatLiesBetweenTwoGaps) {
    const auto mappings = parse_mappings(
        "7effef000000-7effef001000 ---p 00000000 00:00 0\n"  // a thread's stack, just below the region
        "7effef001000-7effff000000 rw-p 00000000 00:00 0\n"
        "7effff000000-7f0000005000 ---p 00000000 00:00 0\n"
        "7f0000005000-7f0000006000 r--p 00000000 00:00 0\n"
        "7f0000006000-7f0000008000 rw-p 00000000 00:00 0\n"
        "7f0000008000-7f0000009000 ---p 00000000 00:00 0\n"
        "7f0000009000-7f000000a000 r--p 00000000 00:00 0\n"
        "7f000000a000-7f0000110000 ---p 00000000 00:00 0\n"
        "7f0000110000-7f0000111000 rw-p 00000000 00:00 0\n"  // and just above it
        "7f0000111000-7f0000112000 ---p 00000000 00:00 0\n"
        "7f0000220000-7f0000221000 rw-p 00000000 00:00 0\n");
    const auto blocks = shown_blocks(mappings, 0x7f0000005000);
    ASSERT_THAT(blocks, SizeIs(2));
    EXPECT_EQ(blocks[0].address, 0x7f0000005000U);
    EXPECT_THAT(blocks[0].written, ElementsAre(false, true, true));
    EXPECT_EQ(blocks[0].pages_written(), 2U);
    EXPECT_EQ(blocks[1].address, 0x7f0000009000U);
    EXPECT_THAT(blocks[1].written, ElementsAre(false));
    EXPECT_THAT(shown_blocks(mappings, 0x7f0000009000), SizeIs(2));
    EXPECT_THAT(shown_blocks(mappings, 0x7f0000005010), IsEmpty());  // not its first byte
    EXPECT_THAT(shown_blocks(mappings, 0x7effef001000), IsEmpty());
    EXPECT_THAT(shown_blocks(mappings, 0x7f0000220000), IsEmpty());
    EXPECT_THAT(shown_blocks(mappings, 0x1000), IsEmpty());
}

}  // namespace
}  // namespace vmlab::evidence
