#include "vmlab/process/owner.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::process {
namespace {

namespace fs = std::filesystem;

struct Parts {
    std::string pid_namespace;
    std::string pid;
    std::string start_time;

    [[nodiscard]] std::string tag() const { return fmt::format("{}-{}-{}", pid_namespace, pid, start_time); }
};

Parts parts_of(const std::string& tag) {
    const std::size_t first = tag.find('-');
    const std::size_t last = tag.rfind('-');
    return {tag.substr(0, first), tag.substr(first + 1, last - first - 1), tag.substr(last + 1)};
}

// The tag of another process, dead by now.
std::string tag_of_a_dead_owner() {
    auto pipe = make_pipe().value();
    const pid_t child = ::fork();
    if (child == 0) {
        const std::string tag = owner_tag();
        ::_exit(::write(pipe.theirs.get(), tag.data(), tag.size()) > 0 ? 0 : 1);
    }
    ::waitpid(child, nullptr, 0);
    char tag[128];
    const ssize_t length = ::read(pipe.ours.get(), tag, sizeof tag);
    return {tag, static_cast<std::size_t>(length)};
}

TEST(Owner, IsNotGoneWhileItLives) {
    EXPECT_FALSE(owner_is_gone(owner_tag()));
    EXPECT_EQ(parts_of(owner_tag()).pid, std::to_string(::getpid()));
}

TEST(Owner, IsGoneWhenItIsDead) {
    EXPECT_TRUE(owner_is_gone(tag_of_a_dead_owner()));
}

TEST(Owner, IsGoneWhenItsPidBelongsToAnother) {
    Parts parts = parts_of(owner_tag());
    parts.start_time += "1";
    EXPECT_TRUE(owner_is_gone(parts.tag()));
}

TEST(Owner, OfAnotherPidNamespaceIsNotGone) {
    Parts parts = parts_of(tag_of_a_dead_owner());
    parts.pid_namespace += "1";
    EXPECT_FALSE(owner_is_gone(parts.tag()));
}

TEST(Owner, IsNotGoneWhereItCouldNotTellItsStartOrNamespace) {
    Parts parts = parts_of(owner_tag());
    parts.start_time = "0";
    EXPECT_FALSE(owner_is_gone(parts.tag()));
    parts = parts_of(tag_of_a_dead_owner());
    parts.pid_namespace = "0";
    EXPECT_FALSE(owner_is_gone(parts.tag()));
}

TEST(Owner, TextThatIsNoTagTellsOfNobody) {
    const Parts dead = parts_of(tag_of_a_dead_owner());
    for (const std::string& text :
         {std::string(), std::string("-"), std::string("--"), dead.pid_namespace,
          dead.pid_namespace + "-" + dead.pid, dead.tag() + "-1", dead.tag() + " ", "x" + dead.tag(),
          dead.pid_namespace + "-" + dead.pid + "-", dead.pid_namespace + "-99999999999999999999999-1"}) {
        EXPECT_FALSE(owner_is_gone(text)) << text;
    }
}

TEST(TemporaryFolder, IsRemovedWhenItsOwnerDiedAndOnlyThen) {
    const auto parent = TemporaryFolder::create().value();
    const char* before = std::getenv("TMPDIR");
    const std::string kept = before == nullptr ? "" : before;
    ::setenv("TMPDIR", parent.path().c_str(), 1);
    const Parts dead = parts_of(tag_of_a_dead_owner());
    const Parts elsewhere{dead.pid_namespace + "1", dead.pid, dead.start_time};
    const fs::path left = parent.path() / fmt::format("vmlab-{}.abc123", dead.tag());
    const fs::path of_a_neighbour = parent.path() / fmt::format("vmlab-{}.abc123", elsewhere.tag());
    const fs::path of_a_student = parent.path() / "vmlab-homework.d";
    for (const auto& folder : {left, of_a_neighbour, of_a_student}) {
        fs::create_directory(folder);
        std::ofstream(folder / "file") << "something";
    }
    const auto living = TemporaryFolder::create();

    EXPECT_EQ(TemporaryFolder::remove_stale(), 1);
    EXPECT_FALSE(fs::exists(left));
    EXPECT_TRUE(fs::exists(of_a_neighbour)) << "a container that shares this folder may be at work in it";
    EXPECT_TRUE(fs::exists(of_a_student));
    ASSERT_TRUE(living);
    EXPECT_TRUE(fs::exists(living->path()));
    before == nullptr ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", kept.c_str(), 1);
}

}  // namespace
}  // namespace vmlab::process
