#include "process/dialogue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

namespace vmlab::process {
namespace {

using namespace std::chrono_literals;

/// A child of this test that does what it is told with the reading end of a dialogue as its stdin.
class DialogueTest : public ::testing::Test {
  protected:
    void start(const std::function<void()>& program) {
        Descriptor theirs;
        auto opened = Dialogue::open(theirs);
        ASSERT_TRUE(opened) << opened.error().what;
        dialogue_.emplace(std::move(*opened));
        child_ = ::fork();
        if (child_ == 0) {
            ::dup2(theirs.get(), 0);
            dialogue_->close();  // as exec would: it is close-on-exec
            program();
            ::_exit(0);
        }
    }
    std::optional<pid_t> reader() {
        for (int look = 0; look < 5000; ++look) {
            if (const auto found = dialogue_->waiting_reader(child_)) {
                return found;
            }
            std::this_thread::sleep_for(2ms);
        }
        return std::nullopt;
    }
    int end() {
        int status = 0;
        EXPECT_EQ(::waitpid(child_, &status, 0), child_);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    std::optional<Dialogue> dialogue_;
    pid_t child_ = 0;
};

TEST_F(DialogueTest, FindsAProgramThatWaitsForALineAndGivesIt) {
    start([] {
        char c = 0;
        int lines = 0;
        while (::read(0, &c, 1) == 1) {
            lines += c == '\n' ? 1 : 0;
        }
        ::_exit(lines);
    });
    EXPECT_EQ(reader(), child_);
    dialogue_->say("a\n");
    EXPECT_EQ(reader(), child_) << "it waits for the next";
    dialogue_->say("b\nc\n");
    EXPECT_EQ(reader(), child_);
    dialogue_->close();
    EXPECT_EQ(dialogue_->waiting_reader(child_), std::nullopt) << "nobody can be told anything any more";
    EXPECT_EQ(end(), 3);
}

TEST_F(DialogueTest, ASleepingProgramDoesNotWaitForInput) {
    start([] {
        ::usleep(300'000);
        char c = 0;
        ::_exit(::read(0, &c, 1) == 1 ? 7 : 8);
    });
    for (int look = 0; look < 50; ++look) {
        if (dialogue_->waiting_reader(child_)) {
            break;
        }
        std::this_thread::sleep_for(1ms);
    }
    EXPECT_EQ(reader(), child_);
    dialogue_->say("x");
    EXPECT_EQ(end(), 7);
}

TEST_F(DialogueTest, FindsAChildThatWaits) {
    start([] {
        const pid_t child = ::fork();
        if (child == 0) {
            char c = 0;
            ::_exit(::read(0, &c, 1) == 1 ? 5 : 6);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        ::_exit(WEXITSTATUS(status));
    });
    const auto found = reader();
    ASSERT_TRUE(found);
    EXPECT_NE(*found, child_);
    dialogue_->say("x");
    EXPECT_EQ(end(), 5);
}

TEST_F(DialogueTest, GivesMoreThanAPipeHolds) {
    constexpr std::size_t much = 300'000;
    start([] {
        std::size_t total = 0;
        char buffer[1000];
        for (ssize_t got = 0; total < much && (got = ::read(0, buffer, sizeof buffer)) > 0;) {
            total += static_cast<std::size_t>(got);
        }
        ::_exit(total == much ? 1 : 2);
    });
    ASSERT_TRUE(reader());
    dialogue_->say(std::string(much, 'x'));
    int status = 0;
    while (::waitpid(child_, &status, WNOHANG) == 0) {
        dialogue_->go_on();
    }
    EXPECT_EQ(WEXITSTATUS(status), 1);
}

TEST_F(DialogueTest, AProgramThatClosedItsInputIsNoFaultOfOurs) {
    start([] {
        ::close(0);
        ::_exit(4);
    });
    EXPECT_EQ(end(), 4);
    EXPECT_EQ(dialogue_->waiting_reader(child_), std::nullopt);
    dialogue_->say("nobody reads this\n");
    EXPECT_TRUE(dialogue_->is_open());
}

}  // namespace
}  // namespace vmlab::process
