#include "vmlab/grading/memory_errors.hpp"

#include <gmock/gmock.h>

namespace vmlab::grading {
namespace {

using evidence::Frame;
using evidence::MemcheckRun;
using evidence::MemoryError;
using testing::HasSubstr;

Frame frame(const std::string& function, const std::string& file, int line) {
    return {.function = function, .object = "program", .file = file, .line = line};
}

MemcheckRun run_with(const MemoryError& error) {
    MemcheckRun run;
    run.report.errors.push_back(error);
    return run;
}

TEST(MemoryErrors, AreToldInMemchecksWordsWithTheRowsOfTheSource) {
    const MemcheckRun clean;
    const MemcheckRun faulty = run_with(
        {.kind = "InvalidWrite",
         .what = "Invalid write of size 4",
         .detail = "Address 0x10010 is 0 bytes after a block of size 4 alloc'd",
         .stack = {frame("copy", "memmove.S", 9), frame("fill()", "it.cpp", 3), frame("main", "it.cpp", 8)}});
    const auto card = first_memory_error({{"", clean, "a"}, {"when it is late", faulty, "b"}}, "it.cpp");
    ASSERT_TRUE(card);
    EXPECT_EQ(card->observed, "Invalid write of size 4, when it is late");
    EXPECT_EQ(
        card->evidence,
        "at copy\nby fill() (it.cpp:3)\nby main (it.cpp:8)\nAddress 0x10010 is 0 bytes after a block of size "
        "4 alloc'd");
    EXPECT_EQ(card->next, "b");
    EXPECT_FALSE(first_memory_error({{"", faulty, ""}}, "it.cpp", true));
    EXPECT_TRUE(first_memory_error({{"", faulty, ""}}, "it.cpp", false));
}

TEST(MemoryErrors, HaveAReasonForEachKind) {
    const auto why = [](const std::string& kind) {
        const MemcheckRun run = run_with({.kind = kind, .what = "It", .detail = {}, .stack = {}});
        return first_memory_error({{"", run, ""}}, "it.cpp").value_or(Card{}).why;
    };
    EXPECT_THAT(why("MismatchedFree"), HasSubstr("delete"));
    EXPECT_THAT(why("InvalidFree"), HasSubstr("record"));
    EXPECT_THAT(why("UninitCondition"), HasSubstr("nobody wrote"));
    EXPECT_THAT(why("InvalidRead"), HasSubstr("Behind a block"));
}

TEST(MemoryErrors, OfANullPointerAreNotAboutBlocks) {
    const MemcheckRun run = run_with({.kind = "InvalidWrite",
                                      .what = "Invalid write of size 4",
                                      .detail = "Address 0x0 is not stack'd, malloc'd or (recently) free'd",
                                      .stack = {}});
    EXPECT_FALSE(first_memory_error({{"", run, ""}}, "it.cpp"));
}

TEST(MemoryErrors, ShowNoLinesWhereTheseWouldBeAnAnswer) {
    EXPECT_EQ(rows_of({frame("malloc", "", 0), frame("main", "it.cpp", 8)}, "it.cpp", {8}),
              "at malloc\nby main (it.cpp: answers.toml asks for the line)");
}

}  // namespace
}  // namespace vmlab::grading
