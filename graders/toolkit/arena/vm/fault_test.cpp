// What may go wrong with a machine, played by shell scripts in QEMU's place: each ends in time, in a verdict
// or in an Error that names the fix, and leaves nothing behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <thread>

#include "arena/vm/arena.hpp"
#include "vmlab/process/files.hpp"
#include "vmlab/process/owner.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::arena {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using process::Ending;
using testing::HasSubstr;

// Octal escapes: for printf(1).
std::string escaped(const std::string& bytes) {
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += '\\';
        text += static_cast<char>('0' + (byte >> 6U));
        text += static_cast<char>('0' + ((byte >> 3U) & 7U));
        text += static_cast<char>('0' + (byte & 7U));
    }
    return text;
}

// A command that writes the events to the result port.
std::string say(const std::vector<wire::Event>& events) {
    std::string stream;
    for (const wire::Event& event : events) {
        stream += encode(event);
    }
    return "printf '" + escaped(stream) + "' >&4\n";
}

const wire::Started& start() {
    static const wire::Started event{.program = 0, .pid = 90};
    return event;
}

std::string whole_story() {
    wire::Ended ended;
    return say({start(), wire::Output{0, 1, "hello\n"}, ended, wire::Facts{}});
}

constexpr const char* honest_snapshot = R"(
echo VMLAB-READY >&5
while read -r line; do
    case "$line" in
        *'"migrate"'*) echo good >state; : >written ;;
        *quit*) exit 0 ;;
    esac
done
)";

// The commands of a machine in its three ways to run.
struct Script {
    std::string snapshot = honest_snapshot;
    std::string restore = "exit 1";
    std::string boot = "exit 1";
};

class VirtualMachineFault : public testing::Test {
  protected:
    void SetUp() override {
        auto sandbox =
            process::Sandbox::open(process::TierChoice::automatic, VMLAB_SUPPORT_DIR, folder_.path());
        if (!sandbox) {
            GTEST_SKIP() << sandbox.error().what;
        }
        sandbox_ = std::move(*sandbox);
        request_.contestants.resize(1);
        request_.contestants[0].job.argv = {"/p"};
        request_.contestants[0].job.limits.wall = 100ms;
        request_.contestants[0].job.limits.output_bytes = 1000;
        before_ = own_folders();
    }
    void TearDown() override { EXPECT_EQ(own_folders(), before_) << "a temporary folder is left"; }

    static std::size_t own_folders() {
        std::size_t count = 0;
        for (const auto& entry : fs::directory_iterator(fs::temp_directory_path())) {
            count += entry.path().filename().string().starts_with("vmlab-" + process::owner_tag()) ? 1U : 0U;
        }
        return count;
    }

    VmArena arena(const Script& script) {
        const fs::path qemu = folder_.path() / "qemu";
        std::ofstream(qemu) << "#!/bin/sh\ncase \"$*\" in\n*-qmp*)\n"
                            << script.snapshot << "\n;;\n*-incoming*)\n"
                            << script.restore << "\n;;\n*)\n"
                            << script.boot << "\n;;\nesac\n";
        fs::permissions(qemu, fs::perms(0755));
        auto cache = VmCache::open(folder_.path() / "cache", "recipe",
                                   [](const fs::path& to) -> process::Result<GuestFiles> {
                                       std::ofstream(to / "kernel") << "kernel";
                                       std::ofstream(to / "initramfs") << "initramfs";
                                       return GuestFiles{to / "kernel", to / "initramfs"};
                                   },
                                   {});
        EXPECT_TRUE(cache);
        const GuestFiles files = cache->files();
        return VmArena(
            {.qemu = qemu,
             .files = files,
             .cache = std::move(*cache),
             .folder = process::TemporaryFolder::create().value(),
             .on_progress = [this](std::string_view line) { progress_ += std::string(line) + '\n'; },
             .always_boot = false,
             .boot_patience = 1500ms,
             .first_word = 1500ms,
             .more_wall = 2000ms});
    }

    process::Result<Outcome> run(const Script& script) {
        const auto began = std::chrono::steady_clock::now();
        auto outcome = arena(script).run(*sandbox_, request_);
        took_ = std::chrono::steady_clock::now() - began;
        return outcome;
    }

    static void expect_error(const process::Result<Outcome>& outcome, process::ErrorKind kind,
                             const std::string& what) {
        ASSERT_FALSE(outcome);
        EXPECT_EQ(outcome.error().kind, kind);
        EXPECT_THAT(outcome.error().what, HasSubstr(what));
        EXPECT_FALSE(outcome.error().fix.empty());
    }

    process::TemporaryFolder folder_ = process::TemporaryFolder::create().value();
    std::optional<process::Sandbox> sandbox_;
    Request request_;
    std::string progress_;
    std::chrono::duration<double> took_{};
    std::size_t before_ = 0;
    std::chrono::milliseconds patience_ = 30s;
};

TEST_F(VirtualMachineFault, HonestGuestIsNotWaitedForAfterItsLastWords) {
    const auto outcome = run({.restore = whole_story() + "exec sleep 1000"});
    ASSERT_TRUE(outcome) << outcome.error().what;
    EXPECT_EQ(outcome->contestants[0].run.out, "hello\n");
    EXPECT_EQ(outcome->contestants[0].run.inner_pid, 90);
    EXPECT_LT(took_, 30s);
}

TEST_F(VirtualMachineFault, StateThatDoesNotLoadIsRebuiltAndThenTheMachineBoots) {
    const auto outcome =
        run({.restore = "echo 'load of migration failed' >&2; exit 1", .boot = whole_story()});
    ASSERT_TRUE(outcome) << outcome.error().what;
    EXPECT_TRUE(outcome->contestants[0].run.succeeded());
    EXPECT_EQ(std::count(progress_.begin(), progress_.end(), '\n'), 2) << progress_;
}

TEST_F(VirtualMachineFault, CorruptAndTruncatedStatesAreRebuilt) {
    const std::string restore = "read -r word <&3; [ \"$word\" = good ] || exit 1\n" + whole_story();
    ASSERT_TRUE(run({.restore = restore}));
    for (const char* damage : {"bad", ""}) {
        progress_.clear();
        for (const auto& entry : fs::recursive_directory_iterator(folder_.path() / "cache")) {
            if (entry.path().extension() == ".state") {
                std::ofstream(entry.path()) << damage;
            }
        }
        const auto outcome = run({.restore = restore});
        ASSERT_TRUE(outcome) << outcome.error().what;
        EXPECT_TRUE(outcome->contestants[0].run.succeeded());
        EXPECT_THAT(progress_, HasSubstr("building the VM arena's snapshot"));
    }
}

TEST_F(VirtualMachineFault, GuestThatNeverSpeaksIsGivenUpInTime) {
    patience_ = 1500ms;
    const auto outcome = run({.restore = "exec sleep 1000", .boot = "exec sleep 1000"});
    expect_error(outcome, process::ErrorKind::failed, "did not get to work");
    EXPECT_LT(took_, 60s);
}

TEST_F(VirtualMachineFault, GuestThatHangsLaterIsGivenUpInTime) {
    patience_ = 1500ms;
    const auto outcome = run({.restore = say({start()}) + "echo 'INFO: rcu stall' >&5; exec sleep 1000"});
    expect_error(outcome, process::ErrorKind::failed, "INFO: rcu stall");
    EXPECT_LT(took_, 60s);
}

TEST_F(VirtualMachineFault, GuestThatPanicsOrRebootsLosesItsPrograms) {
    const auto outcome = run({.restore = say({start()}) + "echo 'Kernel panic - not syncing' >&5; exit 0"});
    ASSERT_TRUE(outcome) << outcome.error().what;
    EXPECT_EQ(outcome->contestants[0].run.ending, Ending::lost);
    EXPECT_FALSE(outcome->contestants[0].oom_killed);
}

TEST_F(VirtualMachineFault, NonsenseFromTheGuestIsNoVerdict) {
    const auto outcome = run({.restore = "head -c 10000 /dev/urandom >&4; exec sleep 1000"});
    expect_error(outcome, process::ErrorKind::failed, "told what cannot be");
    const auto forged = run({.restore = say({wire::Facts{}, start()})});
    expect_error(forged, process::ErrorKind::failed, "told what cannot be");
}

TEST_F(VirtualMachineFault, FloodOnTheResultPortIsEnded) {
    const auto outcome = run(
        {.restore = say({start()}) + "while :; do " + say({wire::Log{std::string(60'000, 'x')}}) + "done"});
    expect_error(outcome, process::ErrorKind::failed, "the VM arena's guest");
}

TEST_F(VirtualMachineFault, FloodOnTheConsoleIsEnded) {
    const auto outcome = run({.restore = say({start()}) + "exec yes 'Out of memory: Killed process 90' >&5"});
    expect_error(outcome, process::ErrorKind::failed, "floods its ports");
}

TEST_F(VirtualMachineFault, GuestThatDoesNotBootIsWhatTheMachineLacks) {
    patience_ = 1500ms;
    const auto outcome = run({.snapshot = "echo 'init: no virtio_blk' >&5; exec sleep 1000"});
    expect_error(outcome, process::ErrorKind::machine_lacks, "init: no virtio_blk");
    EXPECT_THAT(outcome.error().fix, HasSubstr("scripts/setup --vm"));
    const auto panic = run({.snapshot = "echo 'Kernel panic: no init' >&5; echo 'odd' >&2; exit 1"});
    expect_error(panic, process::ErrorKind::machine_lacks, "Kernel panic: no init");
}

TEST_F(VirtualMachineFault, StateThatCannotBeWrittenMakesTheMachineBoot) {
    const auto outcome = run({.snapshot = "echo VMLAB-READY >&5; echo 'No space left on device' >&2; "
                                          "while read -r line; do case \"$line\" in "
                                          "*'\"migrate\"'*) : >unwritten ;; *quit*) exit 0 ;; esac; done",
                              .boot = whole_story()});
    ASSERT_TRUE(outcome) << outcome.error().what;
    EXPECT_TRUE(outcome->contestants[0].run.succeeded());
    EXPECT_THAT(progress_, HasSubstr("No space left on device"));
}

TEST_F(VirtualMachineFault, UsersStopEndsTheMachineAtOnce) {
    for (const Script& script :
         {Script{.restore = say({start()}) + "exec sleep 1000"}, Script{.snapshot = "exec sleep 1000"}}) {
        std::stop_source stop;
        request_.contestants[0].job.limits.wall = 300s;
        request_.contestants[0].job.stop = stop.get_token();
        const std::jthread user([&stop] {
            std::this_thread::sleep_for(700ms);
            stop.request_stop();
        });
        fs::remove_all(folder_.path() / "cache");
        const auto outcome = run(script);
        ASSERT_TRUE(outcome) << outcome.error().what;
        EXPECT_EQ(outcome->contestants[0].run.ending, Ending::stopped);
        EXPECT_LT(took_, 30s);
    }
}

}  // namespace
}  // namespace vmlab::arena
