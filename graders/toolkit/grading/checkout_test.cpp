#include "vmlab/grading/checkout.hpp"

#include <gmock/gmock.h>

#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::grading {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class CheckoutTest : public ::testing::Test {
  protected:
    [[nodiscard]] fs::path make(const std::string& folder) const {
        fs::create_directories(folder_->path() / folder);
        return folder_->path() / folder;
    }

    [[nodiscard]] fs::path make_checkout(const std::string& name) const {
        (void)make(name + "/activities");
        (void)make(name + "/graders");
        return folder_->path() / name;
    }

    const process::Result<process::TemporaryFolder> folder_ = process::TemporaryFolder::create();
};

TEST_F(CheckoutTest, IsTheNearestAboveTheBuildFolder) {
    const fs::path outer = make_checkout("outer");
    const fs::path inner = make_checkout("outer/a (copy) of $it; #2");
    const auto found = find_checkout(make("outer/a (copy) of $it; #2/build/lab"), nullptr);
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(found->root, inner);
    EXPECT_EQ(found->support(), inner / "build/lab/support");
    EXPECT_EQ(find_checkout(make("outer/build/lab"), "")->root, outer);
}

// build/lab/graders holds graders too, but no activities.
TEST_F(CheckoutTest, NeedsActivitiesAndGraders) {
    const fs::path root = make_checkout("checkout");
    (void)make("checkout/build/lab/graders");
    EXPECT_EQ(find_checkout(root / "build/lab", nullptr)->root, root);
}

TEST_F(CheckoutTest, IsTheOneThatIsNamed) {
    (void)make_checkout("here");
    const fs::path other = make_checkout("there");
    EXPECT_EQ(find_checkout(make("here/build/lab"), other.c_str())->root, other);
}

TEST_F(CheckoutTest, SaysWhatIsNone) {
    const auto named = find_checkout(make("build"), "/nowhere");
    ASSERT_FALSE(named);
    EXPECT_EQ(named.error().what, "there is no folder /nowhere/activities");
    EXPECT_THAT(named.error().fix, HasSubstr("VMLAB_ROOT"));
    const auto above = find_checkout(make("build"), nullptr);
    ASSERT_FALSE(above);
    EXPECT_THAT(above.error().what, HasSubstr("is a checkout"));
    EXPECT_THAT(above.error().fix, HasSubstr("scripts/lab"));
}

TEST(OwnExecutableTest, IsThisTest) {
    ASSERT_TRUE(own_executable());
    EXPECT_EQ(own_executable()->filename(), "vmlab_grading_test");
}

}  // namespace
}  // namespace vmlab::grading
