#include "vmlab/evidence/native_blocks.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "inside/block_record.hpp"

namespace vmlab::evidence {
namespace {

using inside::BlockLog;
using inside::BlockRecord;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

template <class Value>
std::string bytes_of(const Value& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

NativeBlocks blocks_of(const std::vector<BlockRecord>& records, std::uint64_t announced) {
    std::string memory = bytes_of(BlockLog{BlockLog::open_sign, 0, announced});
    for (const BlockRecord& record : records) {
        memory += bytes_of(record);
    }
    memory.resize(memory.size() + 100);  // the rest of a page
    return native_blocks(memory);
}

NativeBlocks blocks_of(const std::vector<BlockRecord>& records) {
    return blocks_of(records, records.size());
}

BlockRecord taken(std::uint64_t address, std::uint64_t size) {
    return {BlockRecord::by_program, address, size};
}

BlockRecord given_back(std::uint64_t address) {
    return {BlockRecord::given_back, address, 0};
}

TEST(NativeBlocks, AreThoseThatWereNotGivenBack) {
    const NativeBlocks found =
        blocks_of({taken(0x55e0, 4), taken(0x55f0, 4), given_back(0x55e0), taken(0x5600, 64)});
    EXPECT_TRUE(found.heard);
    EXPECT_EQ(found.taken(4), 2U);
    EXPECT_EQ(found.taken(64), 1U);
    EXPECT_EQ(found.taken(8), 0U);
    EXPECT_THAT(found.never_freed(), ElementsAre(Pair(4, 1), Pair(64, 1)));
}

TEST(NativeBlocks, OfOneAddressFollowEachOther) {
    EXPECT_THAT(blocks_of({taken(10, 16), given_back(10), taken(10, 32), given_back(10)}).never_freed(),
                IsEmpty());
    EXPECT_THAT(blocks_of({taken(10, 16), given_back(10), taken(10, 32)}).never_freed(),
                ElementsAre(Pair(32, 1)));
}

TEST(NativeBlocks, OfALibrarysMallocAreTheLibrarysToFree) {
    const NativeBlocks found = blocks_of({{BlockRecord::by_library, 10, 64}, {BlockRecord::by_new, 20, 64}});
    EXPECT_EQ(found.taken(64), 2U);
    EXPECT_THAT(found.never_freed(), ElementsAre(Pair(64, 1)));
}

TEST(NativeBlocks, PassesOverWhatIsNoRecord) {
    const NativeBlocks found =
        blocks_of({{BlockRecord::unwritten, 10, 4}, {77, 20, 4}, given_back(30), taken(40, 8)}, 1000);
    EXPECT_THAT(found.never_freed(), ElementsAre(Pair(8, 1)));
    EXPECT_FALSE(found.overflowed);
}

TEST(NativeBlocks, SaysWhetherTheyWereHeardOf) {
    EXPECT_FALSE(native_blocks("").heard);
    EXPECT_FALSE(native_blocks(std::string(4096, '\0')).heard);
    EXPECT_FALSE(native_blocks("shorter").heard);
    EXPECT_TRUE(blocks_of({}).heard);
    EXPECT_TRUE(blocks_of({}, inside::most_block_records + 1).overflowed);
}

}  // namespace
}  // namespace vmlab::evidence
