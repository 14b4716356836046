#include "arena/cgroup/enclosure.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "arena/cgroup/control_file.hpp"
#include "arena/live.hpp"
#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::arena {
namespace {

constexpr std::uint64_t mebibyte = 1U << 20U;

class EnclosureTest : public testing::Test {
  protected:
    void SetUp() override {
        live_ = Live::find();
        if (!live_.hierarchy) {
            GTEST_SKIP() << "no cgroup of our own can be made here: " << live_.why_not;
        }
    }
    [[nodiscard]] const Hierarchy& hierarchy() const { return *live_.hierarchy; }

  private:
    Live live_;
};

// Joins the group and becomes `program`. Returns its pid.
pid_t start_in(const std::filesystem::path& entrance, const char* program, const char* argument = nullptr,
               const char* second = nullptr) {
    const std::string path = entrance.string();
    const pid_t child = ::fork();
    if (child == 0) {
        const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
        if (file < 0 || ::write(file, "0", 1) != 1) {
            ::_exit(126);
        }
        ::execl(program, program, argument, second, nullptr);
        ::_exit(127);
    }
    return child;
}

int wait_for(pid_t pid) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    return status;
}

bool is_member(const std::filesystem::path& entrance, pid_t pid) {
    return has_word(process::read_kernel_file(entrance).value_or(""), std::to_string(pid));
}

TEST_F(EnclosureTest, LimitHoldsAndTheKillIsCountedWhereItHappened) {
    const auto enclosure = Enclosure::make(hierarchy(), 16 * mebibyte, 2).value();
    const int status = wait_for(start_in(enclosure.entrance(1), VMLAB_SUPPORT_DIR "/vmlab-hog"));
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    EXPECT_EQ(enclosure.oom_kills(0).value(), 0U);
    EXPECT_EQ(enclosure.oom_kills(1).value(), 1U);
    if (const auto peak = enclosure.peak_bytes()) {
        EXPECT_LE(*peak, 16 * mebibyte);
        EXPECT_GT(*peak, 14 * mebibyte);
    }
}

TEST_F(EnclosureTest, ContestantsShareTheLimit) {
    const auto enclosure = Enclosure::make(hierarchy(), 16 * mebibyte, 2).value();
    const pid_t first = start_in(enclosure.entrance(0), VMLAB_SUPPORT_DIR "/vmlab-hog");
    const pid_t second = start_in(enclosure.entrance(1), VMLAB_SUPPORT_DIR "/vmlab-hog");
    wait_for(first);
    wait_for(second);
    EXPECT_EQ(enclosure.oom_kills(0).value(), 1U);
    EXPECT_EQ(enclosure.oom_kills(1).value(), 1U);
    EXPECT_LE(enclosure.peak_bytes().value_or(0), 16 * mebibyte);
}

TEST_F(EnclosureTest, LimitsProcessesWhereItCan) {
    const auto enclosure = Enclosure::make(hierarchy(), 16 * mebibyte, 1).value();
    ASSERT_TRUE(enclosure.limit_processes(3));
    if (hierarchy().kind() != Kind::cgroup2) {
        GTEST_SKIP() << "only version 2 counts processes and memory in one group";
    }
    const int status = wait_for(start_in(enclosure.entrance(0), "/usr/bin/dash", "-c",
                                         "for i in 1 2 3 4 5 6; do /usr/bin/sleep 1000 & done"));
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) != 0) << "every fork worked";
    const auto left = process::read_kernel_file(enclosure.entrance(0)).value_or("");
    EXPECT_EQ(words_in(left).size(), 2U) << left;
}

TEST_F(EnclosureTest, NothingIsLeftOfItWhenItIsGone) {
    std::filesystem::path entrance;
    pid_t sleeper = 0;
    {
        const auto enclosure = Enclosure::make(hierarchy(), 16 * mebibyte, 1).value();
        entrance = enclosure.entrance(0);
        sleeper = start_in(entrance, "/bin/sleep", "1000");
        while (!is_member(entrance, sleeper)) {
            ::usleep(1000);
        }
    }
    const int status = wait_for(sleeper);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    EXPECT_FALSE(std::filesystem::exists(entrance.parent_path().parent_path()));
}

TEST_F(EnclosureTest, StaleOneOfADeadOwnerIsRemoved) {
    auto pipe = process::make_pipe().value();
    const pid_t owner = ::fork();
    if (owner == 0) {
        const auto enclosure = Enclosure::make(hierarchy(), 16 * mebibyte, 1).value();
        const std::string entrance = enclosure.entrance(0).string();
        const pid_t sleeper = start_in(entrance, "/bin/sleep", "1000");
        while (!is_member(entrance, sleeper)) {
            ::usleep(1000);
        }
        (void)!::write(pipe.theirs.get(), entrance.data(), entrance.size());
        ::pause();
    }
    char text[512];
    const ssize_t length = ::read(pipe.ours.get(), text, sizeof text);
    ASSERT_GT(length, 0);
    const std::filesystem::path whole =
        std::filesystem::path(std::string(text, static_cast<std::size_t>(length)))
            .parent_path()
            .parent_path();

    remove_stale_enclosures(hierarchy());
    EXPECT_TRUE(std::filesystem::exists(whole)) << "its owner is alive";

    ::kill(owner, SIGKILL);
    wait_for(owner);
    EXPECT_TRUE(std::filesystem::exists(whole));
    // Another grader that starts just now may be the one that removes it.
    EXPECT_LE(remove_stale_arenas(), 1);
    EXPECT_FALSE(std::filesystem::exists(whole));
}

}  // namespace
}  // namespace vmlab::arena
