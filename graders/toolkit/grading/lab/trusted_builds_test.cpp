#include "grading/lab/trusted_builds.hpp"

#include <gtest/gtest.h>

#include "grading/lab/scratch_folder.hpp"

namespace vmlab::grading {
namespace {

namespace fs = std::filesystem;

class TrustedBuildsTest : public ::testing::Test {
  protected:
    [[nodiscard]] std::string found(const std::string& text, const std::string& name,
                                    const BuildOptions& options = {}) const {
        const auto executable = kept_.find(text, name, options, scratch_.path());
        return executable ? process::read_file(*executable).value() : "nothing";
    }

    const testing_tools::ScratchFolder scratch_;
    const fs::path folder_ = scratch_.path() / "a/b/trusted";
    const TrustedBuilds kept_{folder_};
};

TEST_F(TrustedBuildsTest, GivesBackWhatWasKeptAndCanBeRun) {
    EXPECT_EQ(found("source", "probe"), "nothing");
    kept_.keep("source", "probe", {}, scratch_.write("built/probe", "an executable"));
    EXPECT_EQ(found("source", "probe"), "an executable");
    const auto executable = kept_.find("source", "probe", {}, scratch_.path());
    ASSERT_TRUE(executable);
    EXPECT_EQ(executable->filename(), "probe");
    EXPECT_EQ(fs::status(*executable).permissions(), fs::perms(0755));
    EXPECT_EQ(TrustedBuilds(folder_).find("source", "probe", {}, "/nowhere"), std::nullopt);
}

TEST_F(TrustedBuildsTest, AnythingElseIsBuiltAnew) {
    kept_.keep("source", "probe", {}, scratch_.write("built/probe", "an executable"));
    EXPECT_EQ(found("source ", "probe"), "nothing");
    EXPECT_EQ(found("source", "other"), "nothing");
    EXPECT_EQ(found("source", "probe", {.debug_info = false, .extra_flags = {}}), "nothing");
    EXPECT_EQ(found("source", "probe", {.debug_info = true, .extra_flags = {"-no-pie"}}), "nothing");
}

TEST_F(TrustedBuildsTest, WhatOthersMayHaveChangedDoesNotCount) {
    kept_.keep("source", "probe", {}, scratch_.write("built/probe", "an executable"));
    for (const auto& entry : fs::directory_iterator(folder_)) {
        fs::permissions(entry.path() / "program", fs::perms(0777));
    }
    EXPECT_EQ(found("source", "probe"), "nothing");
}

TEST_F(TrustedBuildsTest, AFolderThatCannotBeMadeIsNoError) {
    (void)scratch_.write("a/b/trusted", "a file");
    kept_.keep("source", "probe", {}, scratch_.write("built/probe", "an executable"));
    EXPECT_EQ(found("source", "probe"), "nothing");
}

TEST_F(TrustedBuildsTest, TheFirstOfTwoStaysAndNothingIsLeftOfTheOther) {
    kept_.keep("source", "probe", {}, scratch_.write("built/probe", "the first"));
    kept_.keep("source", "probe", {}, scratch_.write("built/probe", "the second"));
    EXPECT_EQ(found("source", "probe"), "the first");
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace vmlab::grading
