#include "vmlab/evidence/memory_use.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "evidence/evidence_testing.hpp"

namespace vmlab::evidence {
namespace {

using testing::ElementsAre;

constexpr std::string_view smaps =
    "1000-3000 rw-p 00000000 00:00 0    [heap]\n"
    "Size:   8 kB\nRss:     8 kB\nPss:    4 kB\nShared_Clean: 1 kB\nShared_Dirty: 2 kB\n"
    "Private_Clean: 3 kB\nPrivate_Dirty: 4 kB\nAnonymous:   5 kB\nAnonHugePages: 6 kB\nSwap: 7 kB\nSwapPss: 99 kB\n"
    "Locked: 8 kB\nVmFlags: rd wr\n"
    "3000-4000 r--p 00000000 08:01 5  /a: file\nRss:  16 kB\n";

TEST(RegionUse, IsThatOfTheMappingWithTheAddress) {
    const auto heap = parse_region(smaps, 0x2fff);
    ASSERT_TRUE(heap);
    EXPECT_EQ(heap->start, 0x1000U);
    EXPECT_EQ(heap->end, 0x3000U);
    EXPECT_EQ(heap->resident, 8U << 10U);
    EXPECT_EQ(heap->proportional, 4U << 10U);
    EXPECT_EQ(heap->shared, 3U << 10U);
    EXPECT_EQ(heap->not_shared, 7U << 10U);
    EXPECT_EQ(heap->anonymous, 5U << 10U);
    EXPECT_EQ(heap->huge, 6U << 10U);
    EXPECT_EQ(heap->swapped, 7U << 10U);
    EXPECT_EQ(heap->locked, 8U << 10U);
    EXPECT_EQ(parse_region(smaps, 0x3000)->resident, 16U << 10U);
    EXPECT_FALSE(parse_region(smaps, 0x4000));
    EXPECT_FALSE(parse_region("nonsense\n\xff\n", 0));
}

/// A page-aligned private mapping of this process.
class PagesTest : public testing::Test {
  protected:
    static constexpr std::size_t count = 8;
    PagesTest()
        : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
          memory_(static_cast<char*>(
              mmap(nullptr, count * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
        madvise(memory_, count * page_, MADV_NOHUGEPAGE);
    }
    ~PagesTest() override { munmap(memory_, count * page_); }
    PagesTest(const PagesTest&) = delete;
    PagesTest& operator=(const PagesTest&) = delete;
    [[nodiscard]] std::uint64_t address(std::size_t page) const {
        return reinterpret_cast<std::uint64_t>(memory_ + page * page_);
    }

    std::size_t page_;
    char* memory_;
};

TEST_F(PagesTest, AreCountedFromOutside) {
    memory_[1 * page_] = 1;
    memory_[4 * page_ + 17] = 1;
    const auto use = page_use(getpid(), address(0), count * page_);
    ASSERT_TRUE(use) << use.error().what;
    EXPECT_EQ(use->pages, count);
    EXPECT_EQ(use->present + use->swapped, 2U);
    const auto exist = pages_that_exist(getpid(), address(0), count * page_);
    ASSERT_TRUE(exist);
    EXPECT_THAT(*exist, ElementsAre(false, true, false, false, true, false, false, false));
    const auto part = page_use(getpid(), address(4) + 100, page_);
    ASSERT_TRUE(part);
    EXPECT_EQ(part->pages, 2U) << "a range that begins within a page touches one more";
    EXPECT_EQ(page_use(getpid(), address(0), 0)->pages, 0U);
}

TEST_F(PagesTest, OfAForkedChildAreNotExclusiveUntilTheyAreWritten) {
    memory_[0] = 1;
    memory_[page_] = 1;
    int ready[2];
    int done[2];
    ASSERT_EQ(pipe(ready), 0);
    ASSERT_EQ(pipe(done), 0);
    const pid_t child = fork();
    if (child == 0) {
        memory_[0] = 2;
        char c = 0;
        (void)!write(ready[1], "x", 1);
        (void)!read(done[0], &c, 1);
        _exit(0);
    }
    char c = 0;
    ASSERT_EQ(read(ready[0], &c, 1), 1);
    const auto use = page_use(child, address(0), 2 * page_);
    (void)!write(done[1], "x", 1);
    waitpid(child, nullptr, 0);
    for (const int end : {ready[0], ready[1], done[0], done[1]}) {
        close(end);
    }
    ASSERT_TRUE(use) << use.error().what;
    EXPECT_EQ(use->present, 2U);
    EXPECT_EQ(use->exclusive, 1U);
    if (geteuid() == 0 && use->distinct_frames) {
        EXPECT_EQ(*use->distinct_frames, 2U);
    }
}

TEST(AuxiliaryVector, IsTheProcessesOwn) {
    const auto vector = auxiliary_vector(getpid());
    ASSERT_TRUE(vector) << vector.error().what;
    EXPECT_EQ(vector->at(AT_PHDR), getauxval(AT_PHDR));
    EXPECT_EQ(vector->at(AT_SYSINFO_EHDR), getauxval(AT_SYSINFO_EHDR));
}

TEST(MemoryUse, OfAProcessThatIsGoneIsAnError) {
    const pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    waitpid(child, nullptr, 0);
    EXPECT_FALSE(region_use(child, 0));
    EXPECT_FALSE(page_use(child, 0x1000, 1));
    EXPECT_FALSE(auxiliary_vector(child));
}

class PeakTest : public LiveTest {};

TEST_F(PeakTest, OfAProgramBeginsWithThatOfTheProcessThatBecameIt) {
    process::Job job;
    job.argv = {build(R"source(
#include <cstdio>
#include <sys/resource.h>
                      int main() {
                          rusage usage{};
                          getrusage(RUSAGE_SELF, &usage);
                          printf("%ld\n", usage.ru_maxrss);
                      })source")
                    .string()};
    job.readable = {job.argv.front()};
    const auto lean = sandbox().run(job);
    job.start.resident_bytes_before = 100U << 20U;
    const auto fat = sandbox().run(job);
    ASSERT_TRUE(lean && fat);
    EXPECT_LT(std::atol(lean->out.c_str()), 100 << 10) << lean->describe();
    EXPECT_GE(std::atol(fat->out.c_str()), 100 << 10) << fat->describe();
}

}  // namespace
}  // namespace vmlab::evidence
