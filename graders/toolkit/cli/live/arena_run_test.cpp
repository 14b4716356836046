#include "cli/live/arena_run.hpp"

#include <gmock/gmock.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>

#include "vmlab/process/sandbox.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::cli {
namespace {

using arena::Kind;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kernel_log =
    "4,1,4200000,-;oom invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE), order=0, "
    "oom_score_adj=0\n"
    "6,2,4200001,-;32638 pages RAM\n"
    "6,3,4200002,-;10298 pages reserved\n"
    "6,4,4200003,-;Tasks state (memory values in pages):\n"
    "6,5,4200004,-;[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"
    "6,6,4200005,-;[     90]  1000    90    16807    16300   172032        0             0 oom\n"
    "6,7,4200006,-;[     45]     0    45      565        1    28672        0         -1000 rsyslogd\n"
    "3,8,4210051,-;Out of memory: Killed process 90 (oom) total-vm:67228kB, anon-rss:65200kB\n"
    "6,9,6300000,-;oom_reaper: reaped process 90 (oom), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB\n";

/// Plays a machine in which each contestant prints, grows and is killed.
class FakeMachine : public arena::Arena {
  public:
    [[nodiscard]] Kind kind() const override { return Kind::vm; }
    [[nodiscard]] process::Result<arena::Outcome> run(const process::Sandbox& /*sandbox*/,
                                                      const arena::Request& request) const override {
        arena::Outcome outcome;
        outcome.kernel_log = kernel_log;
        outcome.syslog =
            "2026-11-21T01:00:27.868468+00:00 (none) kernel: [    4.210051] Out of memory: Killed process 90 "
            "(oom) total-vm:67228kB, anon-rss:65200kB\n";
        pid_t pid = 90;
        for (std::size_t i = 0; i < request.contestants.size(); ++i) {
            const arena::Contestant& contestant = request.contestants[i];
            arena::ContestantResult result;
            result.run.inner_pid = pid++;
            contestant.job.on_output("0x1000 1048576\n");
            for (int step = 1; step <= 3; ++step) {
                evidence::ProcessSample sample;
                sample.at = std::chrono::duration<double>(step);
                sample.virtual_bytes = sample.resident_bytes = static_cast<std::uint64_t>(step) * 20U << 20U;
                request.on_sample(i, sample);
                result.samples.push_back(sample);
            }
            if (contestant.job.stop.stop_requested()) {
                result.run.ending = process::Ending::stopped;
            } else {
                result.run.status.signal = SIGKILL;
                result.oom_killed = true;
                result.log_record = evidence::parse_oom_kills(kernel_log).front();
            }
            result.died_as = static_cast<int>(i);
            outcome.contestants.push_back(std::move(result));
        }
        request.on_log(kernel_log);
        return outcome;
    }
};

class ArenaRunTest : public testing::Test {
  protected:
    /// What `vmlab run` shows, live and at the end.
    std::string shown(const RunRequest& request, const std::stop_token& stop = {}) {
        auto folder = process::TemporaryFolder::create();
        EXPECT_TRUE(folder);
        const auto sandbox =
            process::Sandbox::open(process::TierChoice::none, VMLAB_SUPPORT_DIR, folder->path());
        EXPECT_TRUE(sandbox) << sandbox.error().what;
        char* text = nullptr;
        std::size_t size = 0;
        std::FILE* const stream = ::open_memstream(&text, &size);
        const FakeMachine machine;
        std::string end;
        {
            LiveView view(style_, false, arena_bytes(request, machine.kind()), programs_of(request), stream);
            grading::Program program;
            program.executable = "/build/oom";
            asked_ = make_request(program, request, machine.kind(), view, stop);
            const auto outcome = machine.run(*sandbox, asked_);
            view.finish();
            end = summary(*outcome, request, machine.kind(), style_);
        }
        std::fclose(stream);
        const std::string live(text, size);
        std::free(text);  // NOLINT(cppcoreguidelines-no-malloc): open_memstream(3) says so
        return live + end;
    }

    report::TextStyle style_{.colour = false, .unicode = false, .width = 120};
    arena::Request asked_;
};

TEST_F(ArenaRunTest, ShowsAMachineThatRunsOutOfMemory) {
    const std::string text = shown({});
    EXPECT_EQ(asked_.scope, arena::Scope::machine);
    EXPECT_EQ(asked_.memory_bytes, 128U << 20U);
    EXPECT_FALSE(asked_.manual_kill);
    EXPECT_EQ(asked_.contestants.at(0).hold_at_exit, std::chrono::milliseconds(2500));
    EXPECT_THAT(text, HasSubstr("0x1000 1048576\n"));
    EXPECT_THAT(text, HasSubstr("RSS  40.0 MiB"));
    EXPECT_THAT(text, HasSubstr("kernel | [    4.210051] Out of memory: Killed process 90 (oom)"));
    EXPECT_THAT(text,
                HasSubstr("Killed by the kernel's OOM killer after 0.0 s: the machine's memory was used "
                          "up."));
    EXPECT_THAT(text,
                HasSubstr("oom (90), your program, was killed: its badness of 63.8 MiB is the highest."));
    EXPECT_THAT(text, Not(HasSubstr("not the program under watch")));
    EXPECT_THAT(text, HasSubstr("rsyslogd (45) is never chosen"));
    EXPECT_THAT(text, HasSubstr("kernel | [    6.300000] oom_reaper: reaped process 90"));
    EXPECT_THAT(text, HasSubstr("\noom_reaper: the dying program was held"));
    EXPECT_THAT(text, HasSubstr("The machine's /var/log/syslog:\n  2026-11-21T01:00:27.868468+00:00 (none)"));
}

TEST_F(ArenaRunTest, AsksForWhatWasAskedOfIt) {
    RunRequest request;
    request.memory_mb = 300;
    request.sysrq_f_after = 3;
    request.beside = 500;
    request.swap_mb = 64;
    request.arguments = {"--pause", "0"};
    const std::string text = shown(request);
    EXPECT_EQ(asked_.memory_bytes, 512U << 20U) << "machines come in these sizes";
    EXPECT_EQ(asked_.swap_bytes, 64U << 20U);
    ASSERT_TRUE(asked_.manual_kill);
    EXPECT_EQ(asked_.manual_kill->contestant, 0U);
    EXPECT_EQ(asked_.manual_kill->after_lines, 3);
    ASSERT_EQ(asked_.contestants.size(), 2U);
    EXPECT_FALSE(asked_.contestants[0].oom_score_adj);
    EXPECT_EQ(asked_.contestants[1].oom_score_adj, 500);
    EXPECT_THAT(asked_.contestants[1].job.argv, testing::ElementsAre("/build/oom", "--pause", "0"));
    EXPECT_THAT(text, HasSubstr("2 | 0x1000 1048576\n"));
    EXPECT_THAT(text, HasSubstr("2, beside it at +500 (pid 91):\n"));
}

TEST_F(ArenaRunTest, IsAGroupsMemoryWhereTheArenaIsAGroup) {
    EXPECT_EQ(arena_bytes({}, Kind::cgroup2), 256U << 20U);
    RunRequest request;
    request.memory_mb = 48;
    EXPECT_EQ(arena_bytes(request, Kind::cgroup1), 48U << 20U);
    EXPECT_EQ(arena_bytes(request, Kind::vm), 128U << 20U);
}

TEST_F(ArenaRunTest, SaysThatItWasStopped) {
    std::stop_source stop;
    stop.request_stop();
    const std::string text = shown({}, stop.get_token());
    EXPECT_THAT(text, HasSubstr("Stopped after 0.0 s."));
    EXPECT_THAT(text, Not(HasSubstr("exit status 137")));
}

}  // namespace
}  // namespace vmlab::cli
