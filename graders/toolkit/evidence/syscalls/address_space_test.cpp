#include "vmlab/evidence/address_space.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace vmlab::evidence {
namespace {

using testing::ElementsAre;

SystemCall call(std::string name, std::vector<std::string> arguments, std::optional<std::int64_t> result) {
    SystemCall made;
    made.name = std::move(name);
    made.arguments = std::move(arguments);
    made.result = result;
    return made;
}
SystemCall brk(std::int64_t result) {
    return call("brk", {"NULL"}, result);
}
SystemCall anonymous(const std::string& bytes, std::int64_t result) {
    return call("mmap", {"NULL", bytes, "PROT_READ|PROT_WRITE", "MAP_PRIVATE|MAP_ANONYMOUS", "-1", "0"},
                result);
}
SystemCall munmap(const std::string& address, const std::string& bytes) {
    return call("munmap", {address, bytes}, 0);
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges(const std::vector<Region>& regions) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> found;
    for (const Region& region : regions) {
        found.emplace_back(region.start, region.end);
    }
    return found;
}

TEST(AddressSpace, TheHeapLiesBetweenTheFirstBreakAndThePresentOne) {
    const AddressSpace space({brk(0x10000), brk(0x31000), brk(0x52000), brk(0x20000)});
    EXPECT_EQ(space.area_at(0, 0x10000), Area::elsewhere);
    EXPECT_EQ(space.area_at(1, 0x10000), Area::heap);
    EXPECT_EQ(space.area_at(1, 0x31000), Area::elsewhere);
    EXPECT_EQ(space.area_at(2, 0x51fff), Area::heap);
    EXPECT_EQ(space.area_at(3, 0x20000), Area::elsewhere);
    EXPECT_EQ(space.heap_after(2), 0x42000U);
    EXPECT_EQ(space.held_after(3), 0x10000U);
    EXPECT_EQ(space.most_held(), 0x42000U);
    EXPECT_EQ(space.given_back(0x40000, 0, 4), 3U);
    EXPECT_EQ(space.given_back(0x10000, 0, 4), std::nullopt) << "the break moved, but stays above it";
    EXPECT_EQ(space.given_back(0x40000, 0, 3), std::nullopt);
}

TEST(AddressSpace, AMappingLosesItsMiddleAndItsEnds) {
    const AddressSpace space({anonymous("40960", 0x100000), munmap("0x102000", "4096"),
                              munmap("0x100000", "1"), munmap("0x109000", "8192")});
    EXPECT_THAT(ranges(space.regions_after(0)), ElementsAre(std::pair(0x100000U, 0x10a000U)));
    EXPECT_THAT(ranges(space.regions_after(1)),
                ElementsAre(std::pair(0x100000U, 0x102000U), std::pair(0x103000U, 0x10a000U)));
    EXPECT_THAT(ranges(space.regions_after(2)),
                ElementsAre(std::pair(0x101000U, 0x102000U), std::pair(0x103000U, 0x10a000U)))
        << "the kernel unmaps whole pages";
    EXPECT_THAT(ranges(space.regions_after(3)),
                ElementsAre(std::pair(0x101000U, 0x102000U), std::pair(0x103000U, 0x109000U)));
    EXPECT_EQ(space.held_after(0), 40960U);
    EXPECT_EQ(space.held_after(3), 7U * 4096U);
    EXPECT_EQ(space.given_back(0x102800, 0, 4), 1U);
    EXPECT_EQ(space.given_back(0x104000, 0, 4), std::nullopt) << "its neighbours went, it did not";
    EXPECT_EQ(space.region_at(3, 0x104000)->asked_at, 0U);
}

TEST(AddressSpace, MremapMovesAndGrows) {
    const AddressSpace space({anonymous("8192", 0x100000),
                              call("mremap", {"0x100000", "8192", "16384", "MREMAP_MAYMOVE"}, 0x200000),
                              call("mremap", {"0x200000", "16384", "4096", "0"}, 0x200000)});
    EXPECT_THAT(ranges(space.regions_after(1)), ElementsAre(std::pair(0x200000U, 0x204000U)));
    EXPECT_EQ(space.area_at(1, 0x203fff), Area::anonymous_mapping);
    EXPECT_EQ(space.region_at(1, 0x200000)->asked_at, 0U);
    EXPECT_EQ(space.held_after(1), 16384U);
    EXPECT_EQ(space.held_after(2), 4096U);
}

TEST(AddressSpace, AFixedMappingTakesThePlaceOfAnother) {
    const AddressSpace space(
        {anonymous("16384", 0x100000),
         call("mmap", {"0x101000", "4096", "PROT_READ", "MAP_PRIVATE|MAP_FIXED", "3</a>", "0"}, 0x101000)});
    EXPECT_EQ(space.area_at(1, 0x101000), Area::file_mapping);
    EXPECT_EQ(space.area_at(1, 0x102000), Area::anonymous_mapping);
    EXPECT_EQ(space.held_after(1), 12288U) << "a file's pages are not the program's own";
}

TEST(AddressSpace, FailedAndUnfinishedCallsChangeNothing) {
    SystemCall failed = anonymous("8192", -1);
    failed.error = "ENOMEM";
    SystemCall unfinished = anonymous("8192", 0);
    unfinished.result = std::nullopt;
    const AddressSpace space({failed, unfinished, call("mmap", {}, 0x1000), call("munmap", {"x"}, 0)});
    EXPECT_EQ(space.held_after(3), 0U);
    EXPECT_EQ(AddressSpace({}).held_after(0), 0U);
}

}  // namespace
}  // namespace vmlab::evidence
