#include "vmlab/grading/grader.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <future>
#include <string>
#include <vector>

#include "grading/grader_options.hpp"
#include "grading/lab/current_lab.hpp"
#include "grading/lab/environment.hpp"
#include "grading/lab/local_lab.hpp"
#include "grading/outcome_recorder.hpp"
#include "process/advice.hpp"
#include "process/tool_environment.hpp"
#include "vmlab/arena/own_arenas.hpp"
#include "vmlab/grading/checkout.hpp"
#include "vmlab/process/capacity.hpp"
#include "vmlab/process/cleanup_on_signal.hpp"
#include "vmlab/process/files.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::grading {

namespace {

namespace fs = std::filesystem;

struct Folders {
    fs::path activity;  ///< activities/NN-slug
    fs::path grader;    ///< graders/NN-slug
    fs::path support;   ///< our helpers that run inside the sandbox
};

constexpr int wrong_usage = 2;
constexpr int our_fault = 4;

/// Not with fmt::print, which throws when nobody reads any more: whoever started us may have been ended, and
/// we be about to end too.
int complain(const process::Error& error, int status) {
    const std::string words = error.fix.empty() ? error.what + "\n" : error.what + "\n" + error.fix + "\n";
    (void)std::fputs(words.c_str(), stderr);
    return status;
}

/// Writing progress to somebody who has gone must not end the grader. A handler that does nothing, because an
/// ignored signal would stay ignored in the programs that are run.
void survive_closed_pipes() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    action.sa_flags = SA_RESTART;
    sigaction(SIGPIPE, &action, nullptr);
}

process::Result<fs::path> make_folder(const fs::path& folder) {
    // Whatever the umask: programs that run as another user are shown files below it.
    if (mkdir(folder.c_str(), 0755) != 0 || chmod(folder.c_str(), 0755) != 0) {
        return process::failed_call("mkdir", folder.string());
    }
    return folder;
}

Slots slots_of(const GraderOptions& options, const fs::path& scratch) {
    return {options.slots.value_or(scratch), options.jobs > 0 ? options.jobs : process::default_jobs()};
}

/// What no program may see even if it lies among the system's own files: the checkout, the submission as it
/// was handed in, and the result.
std::vector<fs::path> hidden_places(const GraderOptions& options, const Folders& folders) {
    std::vector<fs::path> places{folders.activity.parent_path().parent_path(),
                                 folders.grader.parent_path().parent_path(), options.submission};
    if (options.result) {
        places.push_back(fs::absolute(*options.result).parent_path());
    }
    return places;
}

/// GoogleTest's filter for the checks asked for; an Error when one does not exist.
process::Result<void> select(const GraderOptions& options, const Activity& activity) {
    std::string filter;
    for (const std::string& name : options.only) {
        if (activity.check(name) == nullptr) {
            return process::failed(fmt::format("activity {} has no check \"{}\"", activity.number, name));
        }
        filter += (filter.empty() ? "*." : ":*.") + name;
    }
    if (!filter.empty()) {
        GTEST_FLAG_SET(filter, filter);
    }
    return {};
}

void print_summary(const ActivityResult& result) {
    for (const std::string& note : result.notes) {
        fmt::print("note: {}\n", note);
    }
    for (const CheckResult& check : result.checks) {
        fmt::print("{:>4}/{:<4}{:<17} {}\n", check.score, check.max_score, name_of(check.outcome),
                   check.name);
    }
    fmt::print("{} of {} points{}\n", result.score(), result.max_score(),
               result.judged_max_score() == result.max_score()
                   ? ""
                   : fmt::format(", graded out of {}", result.judged_max_score()));
}

/// Runs the tests that are selected, with their evidence gathered in the background.
Result grade(LocalLab& lab, const GraderOptions& options) {
    auto machine = std::async(std::launch::async, describe_machine);
    OutcomeRecorder recorder(lab.activity(), options.progress);
    testing::UnitTest& tests = *testing::UnitTest::GetInstance();
    testing::TestEventListeners& listeners = tests.listeners();
    if (options.result) {
        delete listeners.Release(listeners.default_result_printer());
    }
    listeners.Append(&recorder);
    // With a filter, only what the chosen checks ask for is worth gathering.
    if (GTEST_FLAG_GET(filter) == "*") {
        SharedBase::start_all();
    }
    [[maybe_unused]] const int status = RUN_ALL_TESTS();
    SharedBase::wait_all();
    listeners.Release(&recorder);

    Result result;
    result.vmlab_version = VMLAB_VERSION;
    result.activities.push_back(recorder.result(tests));
    result.environment = machine.get();
    result.environment.isolation = lab.isolation_name();
    result.environment.isolation_lacks = lab.isolation_lacks();
    result.environment.arena = lab.arena_name();
    return result;
}

int grade_submission(const GraderOptions& options, const Activity& activity, const Folders& folders) {
    process::SignalsHeld signals;
    process::TemporaryFolder::remove_stale();
    arena::remove_stale_arenas();
    const auto temporary = process::TemporaryFolder::create();
    if (!temporary) {
        return complain(temporary.error(), our_fault);
    }
    const auto cleanup = process::CleanupOnSignal::install([] { arena::remove_own_arenas(); }, &signals);
    if (!cleanup) {
        return complain(cleanup.error(), our_fault);
    }
    survive_closed_pipes();
    // The sandbox may read what we make as another user. Others are kept out by the folder around it.
    umask(022);

    const auto staging = make_folder(temporary->path() / "submission");
    const auto scratch = make_folder(temporary->path() / "scratch");
    if (!staging || !scratch) {
        return complain(!staging ? staging.error() : scratch.error(), our_fault);
    }
    // Without the other activities fewer files can be told to be theirs.
    Surroundings surroundings{.activities = {}, .starter = folders.grader / "starter"};
    if (auto all = load_activities(activity.folder.parent_path())) {
        surroundings.activities = std::move(*all);
    }
    auto submission = stage(options.submission, activity, *staging, surroundings);
    if (!submission) {
        return complain(submission.error(), wrong_usage);
    }
    std::vector<std::string> notes = std::move(submission->notes);

    LocalLab lab({activity, std::move(*submission), folders.grader, folders.support, *scratch,
                  slots_of(options, *scratch), options.tier, options.arena, hidden_places(options, folders),
                  std::chrono::seconds(options.most_seconds)});
    const CurrentLab current(lab);
    Result result = grade(lab, options);
    result.activities.front().notes = std::move(notes);
    if (!options.result) {
        print_summary(result.activities.front());
    } else if (auto written = process::write_file_atomically(*options.result, to_json_text(result));
               !written) {
        return complain(written.error(), our_fault);
    }
    return result.exit_status();
}

/// Of the grader BUILD/graders/NN-slug-checks: what it is called says which activity it grades.
process::Result<Folders> find_folders(const fs::path& named_root) {
    const auto executable = own_executable();
    if (!executable) {
        return tl::unexpected(executable.error());
    }
    const fs::path build = executable->parent_path().parent_path();
    const auto checkout =
        find_checkout(build, named_root.empty() ? std::getenv("VMLAB_ROOT") : named_root.c_str());
    if (!checkout) {
        return tl::unexpected(checkout.error());
    }
    std::string slug = executable->filename().string();
    slug.resize(slug.size() - (slug.ends_with("-checks") ? std::string_view("-checks").size() : 0));
    return Folders{checkout->root / "activities" / slug, checkout->root / "graders" / slug,
                   checkout->support()};
}

}  // namespace

int run_grader(int argc, char** argv) {
    process::insist_on_tool_environment(argv);
    testing::InitGoogleTest(&argc, argv);
    if (GTEST_FLAG_GET(list_tests)) {
        return RUN_ALL_TESTS();
    }
    const auto options = parse_grader_options({argv + 1, argv + argc});
    if (!options) {
        fmt::print(stderr, "{}", grader_usage(fs::path(argv[0]).filename().string()));
        return complain(options.error(), wrong_usage);
    }
    const auto folders = find_folders(options->root);
    if (!folders) {
        return complain(folders.error(), our_fault);
    }
    const auto activity = load_activity(folders->activity);
    if (!activity) {
        return complain(activity.error(), our_fault);
    }
    if (auto selected = select(*options, *activity); !selected) {
        return complain(selected.error(), wrong_usage);
    }
    try {
        return grade_submission(*options, *activity, *folders);
    } catch (const std::exception& error) {
        // Caught, so that what was made on the way here is removed.
        return complain({process::ErrorKind::failed, error.what(), process::advice_on(error.what())},
                        our_fault);
    }
}

}  // namespace vmlab::grading
