// vmlab dev show NN/NAME: what a wrong submission changes in the solution, and which checks it has to fail.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <system_error>

#include "cli/commands.hpp"
#include "cli/nearest.hpp"
#include "cli/terminal.hpp"
#include "grading/corpus/wrong_submission.hpp"
#include "vmlab/process/files.hpp"
#include "vmlab/process/temporary_folder.hpp"
#include "vmlab/process/tools.hpp"
#include "vmlab/report/printable.hpp"

namespace vmlab::cli {

namespace fs = std::filesystem;

namespace {

/// One wrong submission, found by its name.
struct FoundSubmission {
    grading::Activity activity;
    fs::path grader;  ///< graders/NN-slug
    std::string name;

    [[nodiscard]] std::string full_name() const { return activity.folder_name() + "/" + name; }
};

/// Is it "3", "03", "oom" or "03-oom"?
bool names(const std::string& text, const grading::Activity& activity) {
    const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    const std::size_t digits = text.find_first_not_of('0');
    return (is_number && digits != std::string::npos &&
            text.substr(digits) == std::to_string(activity.number)) ||
           text == activity.slug || text == activity.folder_name();
}

/// The wrong submission called "NN/NAME". Where NN is no activity, the fix names what was probably meant.
process::Result<FoundSubmission> find_wrong_submission(const Place& place, const std::string& called) {
    const auto activities = choose(place, {});
    if (!activities) {
        return tl::unexpected(activities.error());
    }
    const std::size_t slash = called.find('/');
    const std::string before = slash == std::string::npos ? "" : called.substr(0, slash);
    const std::string name = slash == std::string::npos ? called : called.substr(slash + 1);
    const bool knows_activity =
        std::any_of(activities->begin(), activities->end(),
                    [&](const grading::Activity& activity) { return names(before, activity); });
    std::vector<FoundSubmission> all;
    std::vector<std::string> known;
    for (const grading::Activity& activity : *activities) {
        if (knows_activity && !names(before, activity)) {
            continue;
        }
        const fs::path grader = place.root / "graders" / activity.folder_name();
        for (const std::string& each : grading::wrong_submissions(grader)) {
            all.push_back({activity, grader, each});
            known.push_back(each);
            if (knows_activity && each == name) {
                return all.back();
            }
        }
    }
    std::string fix = "see which there are: ls graders/*/wrong";
    if (const auto meant = nearest(name, known)) {
        const auto found = std::find_if(all.begin(), all.end(),
                                        [&](const FoundSubmission& each) { return each.name == *meant; });
        fix = fmt::format("did you mean {}?", found->full_name());
    } else if (all.empty()) {
        fix = fmt::format("{} holds none", (place.root / "graders").string());
    }
    return process::failed(fmt::format("there is no wrong submission \"{}\"", called), fix);
}

/// `diff -u` of two texts; empty when they are the same.
process::Result<std::string> difference(const std::string& name, const std::string& full_name,
                                        const std::string& solution, const std::string& wrong) {
    const auto tool = process::find_tool("diff", "diffutils");
    if (!tool) {
        return tl::unexpected(tool.error());
    }
    const auto folder = process::TemporaryFolder::create();
    if (!folder) {
        return tl::unexpected(folder.error());
    }
    const fs::path from = folder->path() / "solution";
    const fs::path to = folder->path() / "wrong";
    for (const auto& [file, text] : {std::pair(from, &solution), std::pair(to, &wrong)}) {
        if (auto written = process::write_file_atomically(file, *text); !written) {
            return tl::unexpected(written.error());
        }
    }
    auto run = process::run_tool({tool->string(), "-u", "--label", "solution/" + name, "--label",
                                  full_name + "/" + name, from.string(), to.string()});
    if (!run) {
        return tl::unexpected(run.error());
    }
    if (!run->status.exited_with(0) && !run->status.exited_with(1)) {
        return process::failed(fmt::format("diff: {}: {}", run->describe(), run->err));
    }
    return run->out;
}

/// The lines of a diff: what the solution has in red, what the wrong submission has in green.
std::string coloured(const report::TextStyle& style, const std::string& diff) {
    std::string text;
    for (std::size_t at = 0; at < diff.size();) {
        const std::size_t end = std::min(diff.find('\n', at), diff.size());
        const std::string line = diff.substr(at, end - at);
        const bool is_head = line.starts_with("---") || line.starts_with("+++");
        const char* code = is_head                  ? "1"
                           : line.starts_with('-')  ? "31"
                           : line.starts_with('+')  ? "32"
                           : line.starts_with("@@") ? "36"
                                                    : "";
        text += (*code == '\0' ? line : painted(style, line, code)) + "\n";
        at = end + 1;
    }
    return text;
}

/// Its name, why it is wrong, and the checks that it has to fail.
std::string heading(const FoundSubmission& found, const grading::WrongSubmission& wrong,
                    const report::TextStyle& style) {
    std::string text = painted(style, found.full_name(), "1") + "\n";
    for (const std::string& line : report::wrapped(wrong.why, static_cast<std::size_t>(style.width) - 2)) {
        text += fmt::format("  {}\n", line);
    }
    text += "\nIt has to fail\n";
    for (const std::string& check : wrong.fails) {
        const std::string outcome = wrong.outcome_of(check);
        const std::string how = outcome == "failed" ? wrong.reason_of(check) : outcome;
        text += fmt::format("  {}{}\n", check, how == "wrong-result" ? "" : fmt::format(" ({})", how));
    }
    return text;
}

process::Result<std::string> differences(const FoundSubmission& found, const grading::Files& solution,
                                         const grading::Files& files, const report::TextStyle& style) {
    std::string text;
    for (const auto& [name, original] : solution) {
        const auto own = files.find(name);
        if (own == files.end()) {
            text += fmt::format("\nIt lacks {}.\n", name);
            continue;
        }
        if (own->second == original) {
            continue;
        }
        const auto diff = difference(name, found.full_name(), original, own->second);
        if (!diff) {
            return tl::unexpected(diff.error());
        }
        text += "\n" + coloured(style, *diff);
    }
    return text;
}

/// The files that are not the solution's, whole; a line with the name above each when there are several.
std::string programs(const grading::Files& solution, const grading::Files& files) {
    std::vector<grading::Files::const_pointer> changed;
    for (const auto& file : files) {
        const auto known = solution.find(file.first);
        if (known == solution.end() || known->second != file.second) {
            changed.push_back(&file);
        }
    }
    std::string text;
    for (const auto* file : changed) {
        text += changed.size() > 1 ? fmt::format("{}==> {} <==\n", text.empty() ? "" : "\n", file->first)
                                   : std::string();
        text += file->second;
    }
    return text;
}

/// Writes FOLDER/NN-slug/FILE: a submission to grade. It overwrites nothing.
process::Result<std::string> write_into(const fs::path& folder, const FoundSubmission& found,
                                        const grading::Files& files) {
    const fs::path target = folder / found.activity.folder_name();
    std::error_code error;
    for (const auto& [name, text] : files) {
        if (fs::exists(fs::symlink_status(target / name, error))) {
            return process::failed(fmt::format("{} exists already", (target / name).string()),
                                   "name a folder that is new");
        }
    }
    fs::create_directories(target, error);
    if (error) {
        return process::failed(fmt::format("{}: {}", target.string(), error.message()));
    }
    for (const auto& [name, text] : files) {
        if (const auto written = process::write_file_atomically(target / name, text); !written) {
            return tl::unexpected(written.error());
        }
    }
    return fmt::format("{} is in {}\nGrade it: scripts/lab grade {} --submission {}\n", found.full_name(),
                       target.string(), found.activity.number, folder.string());
}

process::Result<std::string> shown(const Place& place, const DevShowRequest& request) {
    const auto found = find_wrong_submission(place, request.name);
    if (!found) {
        return tl::unexpected(found.error());
    }
    const auto wrong = grading::read_wrong_submission(found->grader, found->name, found->activity);
    if (!wrong) {
        return tl::unexpected(wrong.error());
    }
    const auto files = grading::files_of(*wrong, found->grader, found->activity);
    if (!files) {
        return tl::unexpected(files.error());
    }
    if (request.into) {
        return write_into(*request.into, *found, *files);
    }
    const auto solution = grading::submitted_files(found->grader / "solution", found->activity);
    if (!solution) {
        return tl::unexpected(solution.error());
    }
    if (request.program) {
        return programs(*solution, *files);
    }
    const report::TextStyle style = style_for(STDOUT_FILENO);
    auto text = differences(*found, *solution, *files, style);
    if (text) {
        text->insert(0, heading(*found, *wrong, style));
    }
    return text;
}

}  // namespace

int dev_show_command(const Place& place, const DevShowRequest& request) {
    const auto text = shown(place, request);
    return text ? finish_with(*text) : complain(text.error());
}

}  // namespace vmlab::cli
