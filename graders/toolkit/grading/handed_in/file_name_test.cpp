#include "grading/handed_in/file_name.hpp"

#include <gtest/gtest.h>

namespace vmlab::grading {
namespace {

TEST(FileName, TheSameNameIsTheBest) {
    EXPECT_EQ(likeness("heap_growth.cpp", "heap_growth.cpp"), Likeness::same);
    EXPECT_LT(Likeness::same, Likeness::alike);
}

TEST(FileName, TakesWhatPeopleAndSystemsMakeOfIt) {
    for (const char* name : {
             "Heap_Growth.CPP",
             "HEAP_GROWTH.cpp",
             "heap_growth.Cpp",  // case
             "heap_growth.cpp ",
             " heap_growth.cpp",
             "heap_growth .cpp",
             "heap_growth.cpp\u00a0",  // blanks
             "\u200eheap_growth.cpp",
             "heap_growth.cpp\r",  // marks
             "heap_growth-1.cpp",
             "heap_growth-2.cpp",
             "heap_growth-12.cpp",  // Canvas
             "heap_growth (1).cpp",
             "heap_growth(1).cpp",
             "heap_growth[1].cpp",  // browsers
             "heap_growth 2.cpp",
             "heap_growth_1.cpp",
             "heap_growth.cpp.1",
             "heap_growth.cpp (1)",
             "heap_growth.cpp-1",
             "heap_growth - Copy.cpp",
             "heap_growth - Copy (2).cpp",
             "heap_growth copy.cpp",
             "heap_growth copy 2.cpp",
             "Copy of heap_growth.cpp",
             "heap_growth \u2013 Kopie.cpp",
             "Kopie von heap_growth.cpp",
             "heap_growth.cpp.txt",
             "heap_growth.cpp.TXT",
             "heap_growth (1).cpp.txt",
             "heap_growth.cpp (1).txt",
             "heap_growth.cpp.cpp",
             "heap_growth.cpp.download",
             "heap_growth.cc",
             "heap_growth.cxx",
             "heap_growth.c++",
             "heap_growth.C",
             "heap_growth.c",
             "doejane_12345_678_heap_growth.cpp",
             "doejane_LATE_12345_678_heap_growth-1.cpp",
             "anon_1_2_Heap_Growth.cpp",
             "u\u0308ber_12345_678_heap_growth.cpp",  // NFD
             "lab1_doe_attempt_2025-11-01-10-00-00_heap_growth.cpp",
             "12345-678 - Jane Doe - Nov 1, 2025 1005 AM - heap_growth.cpp",
         }) {
        EXPECT_EQ(likeness(name, "heap_growth.cpp"), Likeness::alike) << name;
    }
    for (const char* name :
         {"Answers.TOML", "answers-1.toml", "answers.toml.txt", "doe_1_2_answers (3).toml"}) {
        EXPECT_EQ(likeness(name, "answers.toml"), Likeness::alike) << name;
    }
}

TEST(FileName, TakesNoOther) {
    for (const char* name : {
             "",
             ".",
             ".cpp",
             "heap_growth",
             "heap_growth.",
             "heap_growth.txt",
             "heap_growth.o",
             "heap_growth.hpp",
             "heap_growth.pdf",
             "heap_growth.cpp.pdf",
             "heap_growth.cpp.o",
             "heap_growth.cpp~",
             "heap_growth.cpp.bak",
             "heap_growth.cpp.orig",
             "heap_growth.cpp.backup-1",
             "heap_growth.cpp.swp",
             "my_heap_growth.cpp",
             "heap_growth_test.cpp",
             "heap_growth2.cpp",
             "heap_growth-1234.cpp",
             "heapgrowth.cpp",
             "leaks.cpp",
             "copy.cpp",
             "main.cpp",
             "heap_growth.toml",
             "-1.cpp",
             "(1).cpp",
             " ",
             "copy of ",
             "\xff\xfe",
             "heap_growth\n.cpp.zip",
         }) {
        EXPECT_EQ(likeness(name, "heap_growth.cpp"), std::nullopt) << name;
    }
    EXPECT_EQ(likeness("oom_score.cpp", "oom.cpp"), std::nullopt);
    EXPECT_EQ(likeness("answers.txt", "answers.toml"), std::nullopt);
    EXPECT_EQ(likeness("answers.cpp", "answers.toml"), std::nullopt);
}

TEST(FileName, ANameThatEndsInANumberKeepsIt) {
    EXPECT_EQ(likeness("lab-1.cpp", "lab-1.cpp"), Likeness::same);
    EXPECT_EQ(likeness("lab-1 (2).cpp", "lab-1.cpp"), Likeness::alike);
    EXPECT_EQ(likeness("lab-2.cpp", "lab-1.cpp"), std::nullopt);
}

TEST(FileName, AnyBytesComeToAnEnd) {
    EXPECT_EQ(likeness(std::string(255, '('), "heap_growth.cpp"), std::nullopt);
    EXPECT_EQ(likeness(std::string(255, '1'), "heap_growth.cpp"), std::nullopt);
    std::string many;
    for (int i = 0; i < 60; ++i) {
        many += ".cpp";
    }
    EXPECT_EQ(likeness(many, "heap_growth.cpp"), std::nullopt);
}

}  // namespace
}  // namespace vmlab::grading
