#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stop_token>
#include <system_error>
#include <thread>

#include "cli/commands.hpp"
#include "cli/live/arena_run.hpp"
#include "cli/live/live_view.hpp"
#include "cli/terminal.hpp"
#include "vmlab/arena/arena.hpp"
#include "vmlab/grading/build.hpp"
#include "vmlab/grading/submission.hpp"
#include "vmlab/process/sandbox.hpp"
#include "vmlab/process/temporary_folder.hpp"
#include "vmlab/report/printable.hpp"

namespace vmlab::cli {

namespace {

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
        return tl::unexpected(choice.error());
    }
    auto sandbox = process::Sandbox::open(*choice, place.support(), scratch, {place.root});
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
    const auto activities = choose(place, {});
    const auto staged =
        grading::stage(place.activities(), activity, folder / "submission",
                       {activities.value_or(std::vector<grading::Activity>{}), place.starter(activity)});
    if (!staged) {
        return tl::unexpected(staged.error());
    }
    for (const std::string& note : staged->notes) {
        show(stdout, fmt::format("note: {}\n", note));
    }
    if (const auto refused = staged->refused.find(info.source); refused != staged->refused.end()) {
        return process::failed(
            fmt::format("{}: {}", info.source, refused->second.what),
            fmt::format("scripts/lab reset {} {} restores the starter", activity.number, info.source));
    }
    const auto built = grading::build(sandbox, staged->folder / info.source, info.name, folder / "build");
    if (!built) {
        return tl::unexpected(built.error());
    }
    if (!built->succeeded) {
        return process::failed(
            fmt::format("{} does not compile:\n{}", info.source, report::printable(built->messages)),
            built->command);
    }
    return built->program;
}

/// What only a whole machine shows needs the arena that is one.
process::Result<arena::KindChoice> choose_arena(const RunRequest& request) {
    auto kind = arena::kind_choice(request.arena);
    if (!kind || (!request.sysrq_f_after && !request.beside && !request.swap_mb)) {
        return kind;
    }
    if (*kind != arena::KindChoice::automatic && *kind != arena::KindChoice::vm) {
        return process::failed(fmt::format("--sysrq-f-after, --beside and --swap need a whole machine, and "
                                           "{} is a part of this one",
                                           request.arena),
                               "use --arena vm");
    }
    return arena::KindChoice::vm;
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
    const auto choice = choose_arena(request);
    if (!choice) {
        return complain(choice.error());
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
    const auto arena = arena::open_arena(*choice, *sandbox);
    if (!arena) {
        complain(arena.error());
        return machine_lacks_it;
    }
    const arena::Kind kind = (*arena)->kind();
    const std::uint64_t bytes = arena_bytes(request, kind);
    const report::TextStyle style = style_for(STDOUT_FILENO);
    const auto begun = print(fmt::format("{} {} of {} MiB ({})\n", painted(style, info->name, "1"),
                                         kind == arena::Kind::vm ? "in a whole machine" : "in an arena",
                                         bytes >> 20U, arena::name_of(kind)));
    if (!begun) {
        return complain(begun.error());
    }
    LiveView view(style, can_redraw(STDOUT_FILENO), bytes, programs_of(request));
    view.show_swap(request.swap_mb.has_value());
    const auto outcome =
        (*arena)->run(*sandbox, make_request(*program, request, kind, view, signals.token()));
    view.finish();
    if (!outcome) {
        complain(outcome.error());
        return 4;
    }
    return finish_with(summary(*outcome, request, kind, style));
}

}  // namespace vmlab::cli
