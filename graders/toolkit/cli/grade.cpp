#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "cli/commands.hpp"
#include "cli/progress_display.hpp"
#include "cli/progress_store.hpp"
#include "cli/terminal.hpp"
#include "vmlab/grading/submission.hpp"
#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/files.hpp"
#include "vmlab/report/json.hpp"
#include "vmlab/report/junit.hpp"
#include "vmlab/report/text.hpp"

namespace vmlab::cli {

namespace {

constexpr int our_fault = 4;

/// A single file is a submission to the one activity that asks for it; `activities` becomes that one.
process::Result<std::filesystem::path> submitted_file(const std::filesystem::path& file,
                                                      std::vector<grading::Activity>& activities) {
    const std::string name = file.filename().string();
    const auto names = [](const grading::Activity& activity) {
        return fmt::format("{}", fmt::join(activity.submit, ", "));
    };
    std::vector<grading::Activity> asking;
    std::vector<int> numbers;
    std::string all;
    for (const grading::Activity& activity : activities) {
        all += (all.empty() ? "" : ", ") + names(activity);
        if (grading::asks_for(activity, name)) {
            asking.push_back(activity);
            numbers.push_back(activity.number);
        }
    }
    if (asking.empty()) {
        return process::failed(
            fmt::format("{} is not a folder, and no file that is asked for ({})", file.string(), all),
            "--submission takes the folder that holds the files, not an archive: unpack it first");
    }
    if (asking.size() > 1) {
        return process::failed(
            fmt::format("{} is asked for by activities {}", file.string(), fmt::join(numbers, ", ")),
            fmt::format("say which: scripts/lab grade {} --submission {}", numbers.front(), file.string()));
    }
    activities = std::move(asking);
    std::error_code error;
    return std::filesystem::absolute(file, error);
}

process::Result<std::filesystem::path> submission_folder(const Place& place, const GradeRequest& request,
                                                         std::vector<grading::Activity>& activities) {
    const std::filesystem::path folder = request.submission.value_or(place.activities());
    std::error_code error;
    if (!std::filesystem::exists(folder, error)) {
        return process::failed(
            fmt::format("there is no folder {}", folder.string()),
            "--submission takes the folder that holds 01-heap-growth/ and so on, or one activity's files");
    }
    if (!std::filesystem::is_directory(folder, error)) {
        return submitted_file(folder, activities);
    }
    return std::filesystem::canonical(folder, error);
}

std::string render(const grading::Result& result, const GradeRequest& request) {
    if (request.format == "json") {
        return report::render_json(result);
    }
    if (request.format == "junit") {
        return report::render_junit(result);
    }
    return report::render_text(result, request.output ? report::TextStyle{} : style_for(STDOUT_FILENO));
}

process::Result<void> deliver(const std::string& text, const GradeRequest& request) {
    if (request.output) {
        auto written = process::write_file_atomically(*request.output, text);
        if (written) {
            process::give_to_owner_of_folder(*request.output);
        }
        return written;
    }
    return print(text);
}

int complain_of_ours(const process::Error& error) {
    complain(error);
    return our_fault;
}

/// A result that cannot be written is noticed before the work, not after it.
process::Result<void> check_output(const GradeRequest& request) {
    if (!request.output) {
        return {};
    }
    const std::filesystem::path& file = *request.output;
    const std::filesystem::path folder = std::filesystem::absolute(file).parent_path();
    const std::string next = "--output takes a file in a folder that is there and can be written to";
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error)) {
        return process::failed(fmt::format("there is no folder {}", folder.string()), next);
    }
    // The result is written beside and then renamed: it would take the place of a device or a link.
    const auto present = std::filesystem::symlink_status(file, error);
    if (!file.has_filename() ||
        (std::filesystem::exists(present) && !std::filesystem::is_regular_file(present))) {
        return process::failed(fmt::format("{} is not a regular file", file.string()),
                               "without --output the result goes to standard output");
    }
    std::string trial = file.string() + ".XXXXXX";
    const process::Descriptor made(::mkostemp(trial.data(), O_CLOEXEC));
    if (!made) {
        return process::failed(process::system_error("create", file.string()).what, next);
    }
    ::unlink(trial.c_str());
    return {};
}

}  // namespace

int grade_command(const Place& place, const GradeRequest& request) {
    auto activities = choose(place, request.numbers);
    if (!activities) {
        return complain(activities.error());
    }
    const auto submission = submission_folder(place, request, *activities);
    if (!submission) {
        return complain(submission.error());
    }
    if (const auto writable = check_output(request); !writable) {
        return complain(writable.error());
    }
    GradingOptions options;
    options.submission = *submission;
    options.arena = request.arena;
    options.isolation = request.isolation;
    options.jobs = request.jobs;
    options.profile = request.profile;

    process::Result<grading::Result> result = process::failed("not graded");
    {
        ProgressDisplay display(*activities);
        result = grade(place, *activities, options,
                       [&](const grading::Activity& activity, const std::string&, const std::string&) {
                           display.check_finished(activity);
                       });
    }
    if (!result) {
        return complain_of_ours(result.error());
    }
    if (!request.submission) {
        if (const auto saved = ProgressStore(place.state).save(*result); !saved) {
            show(stderr, fmt::format("vmlab: the dashboard will not know of this: {}\n", saved.error().what));
        }
    }
    if (const auto delivered = deliver(render(*result, request), request); !delivered) {
        return complain_of_ours(delivered.error());
    }
    return result->exit_status();
}

}  // namespace vmlab::cli
