// A checkout may be copied, moved and partly built: vmlab works on the files around it.

#include "cli_fixture.hpp"

namespace vmlab::cli_tests {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string activity_1 = "01-heap-growth";
const std::string grader_1 = "graders/01-heap-growth-checks";

/// A built checkout that is a copy of this one, with the grader of activity 1 alone.
class CheckoutTest : public CliTest {
  protected:
    void SetUp() override {
        CliTest::SetUp();
        work_on_a_copy();
        environment.erase("VMLAB_ROOT");
        fs::create_directories(build() / "graders");
        fs::copy(VMLAB_COMMAND, build() / "vmlab");
        fs::copy(built_ / grader_1, build() / grader_1);
        fs::copy(built_ / "support", build() / "support", fs::copy_options::recursive);
    }

    [[nodiscard]] fs::path build() const { return copy() / "build/lab"; }

    [[nodiscard]] Ended vmlab_of(const fs::path& checkout, const std::vector<std::string>& arguments) const {
        Command made = command(arguments);
        made.argv.front() = (checkout / "build/lab/vmlab").string();
        return run(made);
    }

    void expect_full_points(const fs::path& checkout) const {
        const Ended ended = vmlab_of(checkout, {"grade", "1", "--format", "json"});
        EXPECT_EQ(ended.status.code, 0) << ended.err;
        const auto result = nlohmann::json::parse(ended.out, nullptr, false);
        ASSERT_FALSE(result.is_discarded()) << ended.out;
        EXPECT_EQ(result.at("score"), result.at("max_score"));
    }

    const fs::path built_ = fs::path(VMLAB_COMMAND).parent_path();
};

TEST_F(CheckoutTest, IsGradedWhereverItIsMovedTo) {
    solve_in_copy(activity_1);
    expect_full_points(copy());
    const fs::path moved = folder() / "a (moved) one of $it; 'the' #2";
    fs::rename(copy(), moved);
    expect_full_points(moved);
}

TEST_F(CheckoutTest, IsResetAndNoOther) {
    solve_in_copy(activity_1);
    const std::string before = read(source / "activities" / activity_1 / "heap_growth.cpp");
    EXPECT_EQ(vmlab_of(copy(), {"reset", "1"}).status.code, 0);
    EXPECT_EQ(read(copy() / "activities" / activity_1 / "heap_growth.cpp"),
              read(source / "graders" / activity_1 / "starter/heap_growth.cpp"));
    EXPECT_EQ(read(source / "activities" / activity_1 / "heap_growth.cpp"), before);
}

TEST_F(CheckoutTest, SaysThatAGraderIsNotBuilt) {
    const Ended ended = vmlab_of(copy(), {"grade", "2"});
    EXPECT_NE(ended.status.code, 0);
    EXPECT_THAT(ended.err, HasSubstr("the grader of activity 2 is not built"));
    EXPECT_THAT(ended.err, HasSubstr("scripts/lab grade 2"));
}

// scripts/lab is a stand-in here, that "builds" by putting the grader where it was.
TEST_F(CheckoutTest, BuildsAGraderWhenItIsFirstAskedFor) {
    solve_in_copy(activity_1);
    fs::rename(build() / grader_1, folder() / "grader");
    fs::create_directory(build() / "built");
    const fs::path lab = folder() / "lab";
    const fs::path log = folder() / "log";
    write(lab, "#!/bin/sh\necho \"$@\" >>'" + log.string() + "'\ncp '" + (folder() / "grader").string() +
                   "' '" + (build() / grader_1).string() + "' && echo key-1 >'" +
                   (build() / "built/01-heap-growth-checks").string() + "'\n");
    fs::permissions(lab, fs::perms::owner_all);
    environment["VMLAB_LAB"] = lab.string();
    environment["VMLAB_KEY"] = "key-1";
    expect_full_points(copy());
    EXPECT_EQ(read(log), "--build 01-heap-growth-checks\n");
    expect_full_points(copy());
    EXPECT_EQ(read(log), "--build 01-heap-growth-checks\n") << "once";

    environment["VMLAB_KEY"] = "key-2";
    write(lab, "#!/bin/sh\necho 'the build failed' >&2\nexit 2\n");
    const Ended ended = vmlab_of(copy(), {"grade", "1", "--format", "json"});
    EXPECT_NE(ended.status.code, 0);
    EXPECT_THAT(ended.out, IsEmpty());
    EXPECT_THAT(ended.err, HasSubstr("the build failed"));
    EXPECT_THAT(ended.err, HasSubstr("graders could not be built"));
}

}  // namespace
}  // namespace vmlab::cli_tests
