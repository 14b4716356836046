#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "grading/lab/scratch_folder.hpp"
#include "vmlab/grading/submission.hpp"

namespace vmlab::grading {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing_tools::ScratchFolder;

/// A submission that is made file by file, and staged for an activity.
class SubmissionTest : public ::testing::Test {
  protected:
    SubmissionTest() {
        activity_.number = 1;
        activity_.slug = "heap-growth";
        activity_.submit = {"heap_growth.cpp"};
        leaks_.number = 2;
        leaks_.slug = "leaks";
        leaks_.submit = {"leaks.cpp", "answers.toml"};
        oom_.number = 3;
        oom_.slug = "oom";
        oom_.submit = {"oom.cpp", "obituary.cpp", "answers.toml"};
        starter_.write("heap_growth.cpp", "starter\n");
    }

    fs::path at(const std::string& name) const { return handed_in_.path() / name; }
    StagedSubmission staged() { return staged(activity_, handed_in_.path()); }
    StagedSubmission staged(const Activity& activity, const fs::path& submission) {
        auto result = stage(submission, activity, into_.path(), {{activity_, leaks_, oom_}, starter_.path()});
        EXPECT_TRUE(result) << result.error().what;
        return result.value_or(StagedSubmission{});
    }
    /// Why the one file is refused; empty when it is not.
    std::string refusal() {
        const StagedSubmission result = staged();
        EXPECT_FALSE(fs::exists(into_.path() / "heap_growth.cpp"));
        const auto found = result.refused.find("heap_growth.cpp");
        return found == result.refused.end() ? "" : found->second.what;
    }
    /// What was taken for the activity's file, and the notes on it.
    std::string taken(const std::string& file = "heap_growth.cpp") {
        return process::read_file(into_.path() / file).value_or("nothing");
    }
    /// That this one file alone is taken, and that it is said.
    void expect_taken_from(const std::string& path) {
        SCOPED_TRACE(path);
        const StagedSubmission result = staged();
        EXPECT_EQ(taken(), "work");
        EXPECT_TRUE(result.refused.empty());
        ASSERT_FALSE(result.notes.empty());
        EXPECT_THAT(result.notes.front(), HasSubstr("heap_growth.cpp was taken from "));
        EXPECT_THAT(result.notes.front(), HasSubstr("its place is 01-heap-growth/heap_growth.cpp"));
    }
    /// That a submission of this one file, under this name, is taken.
    void expect_found(const std::string& path) {
        fs::remove_all(at(""));
        fs::create_directory(at(""));
        fs::remove(into_.path() / "heap_growth.cpp");
        handed_in_.write(path, "work");
        expect_taken_from(path);
    }
    Refusal refused(const std::string& file = "heap_growth.cpp") {
        const StagedSubmission result = staged();
        const auto found = result.refused.find(file);
        return found == result.refused.end() ? Refusal{} : found->second;
    }

    Activity activity_;
    Activity leaks_;
    Activity oom_;
    ScratchFolder starter_;
    ScratchFolder handed_in_;
    ScratchFolder into_;
};

}  // namespace vmlab::grading
