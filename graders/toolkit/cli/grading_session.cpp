#include "cli/grading_session.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <mutex>

#include "cli/grader_builds.hpp"
#include "cli/profile.hpp"
#include "grading/check_list.hpp"
#include "vmlab/process/capacity.hpp"
#include "vmlab/process/cleanup_on_signal.hpp"
#include "vmlab/process/files.hpp"
#include "vmlab/process/temporary_folder.hpp"
#include "vmlab/process/tools.hpp"
#include "vmlab/report/printable.hpp"

namespace vmlab::cli {

namespace {

using namespace std::chrono_literals;

/// Far above any honest run: every run of student code has its own, much smaller limit.
constexpr auto grader_patience = 20min;

/// Cuts a stream into lines "CHECK OUTCOME".
class ProgressLines {
  public:
    explicit ProgressLines(std::function<void(const std::string&, const std::string&)> take)
        : take_(std::move(take)) {}

    void feed(std::string_view piece) {
        pending_ += piece;
        for (std::size_t end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n')) {
            const std::string line = pending_.substr(0, end);
            pending_.erase(0, end + 1);
            const std::size_t space = line.find(' ');
            if (space != std::string::npos) {
                take_(line.substr(0, space), line.substr(space + 1));
            }
        }
    }

  private:
    std::function<void(const std::string&, const std::string&)> take_;
    std::string pending_;
};

grading::ActivityResult all_grader_errors(const grading::Activity& activity, const std::string& what) {
    grading::ActivityResult result;
    result.number = activity.number;
    result.slug = activity.slug;
    result.title = activity.title;
    for (const grading::CheckInfo& check : activity.checks) {
        grading::CheckResult entry = grading::grader_error(check, what);
        entry.card.next = "scripts/lab doctor";
        result.checks.push_back(std::move(entry));
    }
    return result;
}

struct OneActivity {
    grading::ActivityResult result;
    std::optional<grading::Environment> environment;
};

/// The last lines of what a grader said before it failed.
std::string last_words(const process::Run& run) {
    const std::vector<std::string> lines = report::wrapped(report::printable(run.err), 400);
    std::string words;
    for (std::size_t i = lines.size() > 5 ? lines.size() - 5 : 0; i < lines.size(); ++i) {
        words += (words.empty() ? ": " : " / ") + lines[i];
    }
    return words;
}

OneActivity run_grader_program(const Place& place, const grading::Activity& activity,
                               const GradingOptions& options, const std::filesystem::path& scratch,
                               const OnCheck& on_check) {
    const std::filesystem::path file = scratch / (activity.folder_name() + ".json");
    ProgressLines lines(
        [&](const std::string& check, const std::string& outcome) { on_check(activity, check, outcome); });
    process::ToolOptions tool;
    tool.limits.wall = grader_patience;
    tool.on_output = [&](std::string_view piece) { lines.feed(piece); };
    const auto run =
        process::run_tool({place.grader(activity).string(), "--submission", options.submission.string(),
                           "--result", file.string(), "--progress-fd", "1", "--slots", scratch.string(),
                           "--jobs", std::to_string(options.jobs), "--root", place.root.string(), "--arena",
                           options.arena, "--isolation", options.isolation},
                          tool);
    if (!run) {
        return {all_grader_errors(activity, run.error().what), std::nullopt};
    }
    const auto text = process::read_file(file);
    if (!text) {
        return {all_grader_errors(activity, fmt::format("the grader ended with {} and left no result{}",
                                                        run->describe(), last_words(*run))),
                std::nullopt};
    }
    auto result = grading::result_from_json(*text);
    if (!result || result->activities.size() != 1) {
        return {all_grader_errors(
                    activity, result ? "the grader's result is of another activity" : result.error().what),
                std::nullopt};
    }
    grading::ActivityResult& found = result->activities.front();
    if (found.number != activity.number) {
        return {all_grader_errors(activity, "the grader's result is of another activity"), std::nullopt};
    }
    found.checks = grading::agreed_checks(found.checks, activity);
    return {std::move(found), std::move(result->environment)};
}

/// Graders say "not used" of what they did not need: take each fact from one that needed it.
void merge(grading::Environment& into, const grading::Environment& from) {
    if (into.kernel.empty()) {
        into = from;
        return;
    }
    for (auto field : {&grading::Environment::arena, &grading::Environment::isolation}) {
        if ((into.*field) == "not used") {
            into.*field = from.*field;
        }
    }
}

}  // namespace

process::Result<grading::Result> grade(const Place& place, const std::vector<grading::Activity>& activities,
                                       const GradingOptions& options, const OnCheck& on_check) {
    if (const auto built = build_graders(place, activities); !built) {
        return tl::unexpected(built.error());
    }
    process::SignalsHeld signals;
    process::TemporaryFolder::remove_stale();
    const auto scratch = process::TemporaryFolder::create();
    if (!scratch) {
        return tl::unexpected(scratch.error());
    }
    const auto cleanup =
        process::CleanupOnSignal::install([] { process::TemporaryFolder::remove_own(); }, &signals);
    if (!cleanup) {
        return tl::unexpected(cleanup.error());
    }
    Profile profile(options.profile, scratch->path());
    GradingOptions resolved = options;
    if (resolved.jobs <= 0) {
        resolved.jobs = process::default_jobs();
    }
    std::mutex one_at_a_time;
    const OnCheck guarded = [&](const grading::Activity& activity, const std::string& check,
                                const std::string& outcome) {
        const std::lock_guard lock(one_at_a_time);
        on_check(activity, check, outcome);
    };
    std::vector<std::future<OneActivity>> running;
    running.reserve(activities.size());
    for (const grading::Activity& activity : activities) {
        running.push_back(std::async(std::launch::async, [&] {
            return run_grader_program(place, activity, resolved, scratch->path(), guarded);
        }));
    }
    grading::Result result;
    result.vmlab_version = VMLAB_VERSION;
    for (std::future<OneActivity>& one : running) {
        OneActivity found = one.get();
        if (found.environment) {
            merge(result.environment, *found.environment);
        }
        result.activities.push_back(std::move(found.result));
    }
    profile.show();
    return result;
}

}  // namespace vmlab::cli
