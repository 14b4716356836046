#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <stop_token>
#include <system_error>
#include <thread>

#include "cli/commands.hpp"
#include "cli/live_view.hpp"
#include "cli/terminal.hpp"
#include "vmlab/arena/arena.hpp"
#include "vmlab/grading/build.hpp"
#include "vmlab/grading/submission.hpp"
#include "vmlab/process/sandbox.hpp"
#include "vmlab/process/temporary_folder.hpp"
#include "vmlab/report/printable.hpp"

namespace vmlab::cli {

namespace {

using namespace std::chrono_literals;

constexpr int machine_lacks_it = 3;

/// Ctrl-C ends the program under watch, not vmlab: it still has to say what was seen and to clean up.
class StopOnSignal {
  public:
    StopOnSignal() {
        ::sigemptyset(&signals_);
        for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR2}) {
            ::sigaddset(&signals_, number);
        }
        ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
        waiting_ = std::thread([this] {
            int number = 0;
            ::sigwait(&signals_, &number);
            stop_.request_stop();
        });
    }
    ~StopOnSignal() {
        ::pthread_kill(waiting_.native_handle(), SIGUSR2);
        waiting_.join();
    }
    StopOnSignal(const StopOnSignal&) = delete;
    StopOnSignal& operator=(const StopOnSignal&) = delete;

    [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

  private:
    sigset_t signals_{};
    std::stop_source stop_;
    std::thread waiting_;
};

process::Result<grading::ProgramInfo> choose_program(const grading::Activity& activity,
                                                     const std::string& name) {
    std::string names;
    for (const grading::ProgramInfo& program : activity.programs) {
        if (name.empty() || program.name == name) {
            return program;
        }
        names += (names.empty() ? "" : ", ") + program.name;
    }
    return process::failed(fmt::format("activity {} has no program \"{}\"", activity.number, name),
                           fmt::format("its programs: {}", names));
}

/// A person's own work may run unconfined where nothing better is to be had.
process::Result<process::Sandbox> open_sandbox(const RunRequest& request, const Place& place,
                                               const std::filesystem::path& scratch) {
    const auto choice = process::tier_choice(request.isolation);
    if (!choice) {
        return tl::make_unexpected(choice.error());
    }
    auto sandbox = process::Sandbox::open(*choice, place.support(), scratch);
    if (!sandbox && *choice == process::TierChoice::automatic) {
        show(stdout, fmt::format("Isolation: none ({}). Your program runs with your own rights.\n",
                                 sandbox.error().what));
        return process::Sandbox::open(process::TierChoice::none, place.support(), scratch);
    }
    return sandbox;
}

process::Result<grading::Program> build_program(const grading::Activity& activity,
                                                const grading::ProgramInfo& info, const Place& place,
                                                const process::Sandbox& sandbox,
                                                const std::filesystem::path& folder) {
    const auto staged = grading::stage(place.activities(), activity, folder / "submission");
    if (!staged) {
        return tl::make_unexpected(staged.error());
    }
    if (const auto refused = staged->refused.find(info.source); refused != staged->refused.end()) {
        return process::failed(
            fmt::format("{}: {}", info.source, refused->second),
            fmt::format("scripts/lab reset {} {} restores the starter", activity.number, info.source));
    }
    const auto built = grading::build(sandbox, staged->folder / info.source, info.name, folder / "build");
    if (!built) {
        return tl::make_unexpected(built.error());
    }
    if (!built->succeeded) {
        return process::failed(
            fmt::format("{} does not compile:\n{}", info.source, report::printable(built->messages)),
            built->command);
    }
    return built->program;
}

std::string what_ended_it(const arena::ContestantResult& result, const RunRequest& request) {
    const process::Run& run = result.run;
    if (result.oom_killed) {
        std::string text = fmt::format(
            "Killed by the kernel's OOM killer after {:.1f} s: the arena's {} MiB were used up.\n",
            run.elapsed.count(), request.memory_mb);
        text += result.log_record
                    ? fmt::format("The kernel's log: {}\n", report::printable(result.log_record->row))
                    : "The kernel counted the kill; its log cannot be read here.\n";
        return text + "A shell would show exit status 137: 128 + 9, SIGKILL.\n";
    }
    if (run.ending == process::Ending::timed_out) {
        return fmt::format("Stopped after {} s (--seconds).\n", request.seconds);
    }
    if (run.ending == process::Ending::stopped) {
        return fmt::format("Stopped after {:.1f} s.\n", run.elapsed.count());
    }
    return fmt::format("Ended after {:.1f} s: {}.\n", run.elapsed.count(), run.describe());
}

std::string summary(const arena::Outcome& outcome, const RunRequest& request) {
    const arena::ContestantResult& result = outcome.contestants.front();
    std::string text;
    if (!result.run.err.empty()) {
        text += "stderr: " + report::printable(result.run.err) + (result.run.err.back() == '\n' ? "" : "\n");
    }
    text += what_ended_it(result, request);
    std::uint64_t resident = 0;
    std::uint64_t virtual_bytes = 0;
    for (const evidence::ProcessSample& sample : result.samples) {
        resident = std::max({resident, sample.resident_bytes, sample.peak_resident_bytes});
        virtual_bytes = std::max(virtual_bytes, sample.virtual_bytes);
    }
    if (result.samples.size() > 1) {  // the first one is of the launcher
        text += fmt::format("Most resident: {}. Most virtual: {}.\n", readable_bytes(resident),
                            readable_bytes(virtual_bytes));
    }
    if (outcome.peak_bytes) {
        text += fmt::format("Most memory charged to the arena: {}.\n", readable_bytes(*outcome.peak_bytes));
    }
    return text;
}

arena::Request make_request(const grading::Program& program, const RunRequest& request, LiveView& view,
                            std::stop_token stop) {
    arena::Contestant contestant;
    contestant.job.argv = {program.executable.string()};
    contestant.job.argv.insert(contestant.job.argv.end(), request.arguments.begin(), request.arguments.end());
    contestant.job.readable = {program.executable.parent_path()};
    contestant.job.limits.wall = std::chrono::seconds(request.seconds);
    contestant.job.limits.cpu_seconds = static_cast<std::uint64_t>(request.seconds);
    contestant.job.limits.data_bytes = 0;  // the arena is the limit
    contestant.job.on_output = [&view](std::string_view piece) { view.output(piece); };
    contestant.job.stop = std::move(stop);
    arena::Request made;
    made.memory_bytes = static_cast<std::uint64_t>(request.memory_mb) << 20U;
    made.contestants.push_back(std::move(contestant));
    made.sample_interval = 100ms;
    made.on_sample = [&view](std::size_t, const evidence::ProcessSample& sample) { view.sample(sample); };
    return made;
}

}  // namespace

int run_command(const Place& place, const RunRequest& request) {
    const auto activities = choose(place, {request.number});
    if (!activities) {
        return complain(activities.error());
    }
    const grading::Activity& activity = activities->front();
    const auto info = choose_program(activity, request.program);
    if (!info) {
        return complain(info.error());
    }
    const StopOnSignal signals;
    ::umask(022);  // what is built here is read by a sandbox that may be another user; nothing here is kept
    process::TemporaryFolder::remove_stale();
    arena::remove_stale_arenas();
    const auto folder = process::TemporaryFolder::create();
    if (!folder) {
        return complain(folder.error());
    }
    for (const char* name : {"submission", "build", "scratch"}) {
        std::error_code error;
        std::filesystem::create_directory(folder->path() / name, error);
    }
    const auto sandbox = open_sandbox(request, place, folder->path() / "scratch");
    if (!sandbox) {
        complain(sandbox.error());
        return machine_lacks_it;
    }
    const auto program = build_program(activity, *info, place, *sandbox, folder->path());
    if (!program) {
        return complain(program.error());
    }
    const auto kind = arena::kind_choice(request.arena);
    if (!kind) {
        return complain(kind.error());
    }
    const auto arena = arena::open_arena(*kind, *sandbox);
    if (!arena) {
        complain(arena.error());
        return machine_lacks_it;
    }
    const report::TextStyle style = style_for(STDOUT_FILENO);
    const auto begun = print(fmt::format("{} in an arena of {} MiB ({})\n", painted(style, info->name, "1"),
                                         request.memory_mb, arena::name_of((*arena)->kind())));
    if (!begun) {
        return complain(begun.error());
    }
    LiveView view(style, can_redraw(STDOUT_FILENO), static_cast<std::uint64_t>(request.memory_mb) << 20U);
    const auto outcome = (*arena)->run(*sandbox, make_request(*program, request, view, signals.token()));
    view.finish();
    if (!outcome) {
        complain(outcome.error());
        return 4;
    }
    return finish_with(summary(*outcome, request));
}

}  // namespace vmlab::cli
