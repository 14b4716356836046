#include "corpus.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <set>
#include <string_view>
#include <system_error>

#include "grading/corpus/wrong_submission.hpp"
#include "vmlab/process/files.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::corpus {

namespace fs = std::filesystem;

namespace {

std::string_view name_of(Kind kind) {
    constexpr std::array<std::string_view, 4> names{"solution", "variant", "starter", "wrong"};
    return names[static_cast<std::size_t>(kind)];
}

std::vector<std::string> folders_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        if (entry.is_directory()) {
            names.push_back(entry.path().filename().string());
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

/// The case's files.
process::Result<grading::Files> files_of(const Case& each, const fs::path& source,
                                         const grading::Activity& activity) {
    const fs::path grader = source / "graders" / each.activity;
    switch (each.kind) {
        case Kind::solution:
            return grading::submitted_files(grader / "solution", activity);
        case Kind::starter:
            return grading::submitted_files(source / "activities" / each.activity, activity);
        case Kind::variant:
            break;
        case Kind::wrong: {
            const auto wrong = grading::read_wrong_submission(grader, each.name, activity);
            return wrong ? grading::files_of(*wrong, grader, activity) : tl::unexpected(wrong.error());
        }
    }
    // A variant: its own files, and the solution's where it has none.
    auto files = grading::submitted_files(grader / "variants" / each.name, activity);
    auto solution = grading::submitted_files(grader / "solution", activity);
    if (!files || !solution) {
        return files ? std::move(solution) : std::move(files);
    }
    files->merge(*solution);
    return files;
}

/// A file in a folder of solution/ or variants/ that nobody asked for is a mistake.
process::Result<void> expect_no_strangers(const fs::path& folder, const grading::Activity& activity) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        const bool submitted =
            std::find(activity.submit.begin(), activity.submit.end(), name) != activity.submit.end();
        if (!submitted && name != "variant.toml") {
            return process::failed(fmt::format("{} is not among the files to submit", entry.path().string()));
        }
    }
    if (error) {
        return process::failed(fmt::format("{}: {}", folder.string(), error.message()));
    }
    return {};
}

}  // namespace

std::string Case::full_name() const {
    std::string text = fmt::format("{}.{}", activity, name_of(kind));
    return name.empty() ? text : text + "." + name;
}

std::vector<std::string> find_activities(const fs::path& source) {
    std::vector<std::string> names = folders_in(source / "activities");
    names.erase(std::remove_if(names.begin(), names.end(),
                               [&](const std::string& name) {
                                   return !fs::exists(source / "graders" / name / "checks.cpp");
                               }),
                names.end());
    return names;
}

std::vector<Case> find_cases(const fs::path& source) {
    std::vector<Case> cases;
    for (const std::string& activity : find_activities(source)) {
        const fs::path grader = source / "graders" / activity;
        cases.push_back({activity, Kind::solution, {}});
        cases.push_back({activity, Kind::starter, {}});
        for (const std::string& name : folders_in(grader / "variants")) {
            cases.push_back({activity, Kind::variant, name});
        }
        for (const std::string& name : grading::wrong_submissions(grader)) {
            cases.push_back({activity, Kind::wrong, name});
        }
    }
    return cases;
}

process::Result<void> lay_out(const Case& each, const fs::path& source, const grading::Activity& activity,
                              const fs::path& into) {
    const fs::path grader = source / "graders" / each.activity;
    const fs::path given = each.kind == Kind::variant ? grader / "variants" / each.name : grader / "solution";
    if (auto checked = expect_no_strangers(given, activity); !checked) {
        return checked;
    }
    const auto files = files_of(each, source, activity);
    if (!files) {
        return tl::unexpected(files.error());
    }
    const fs::path target = into / each.activity;
    std::error_code error;
    fs::create_directories(target, error);
    if (error) {
        return process::failed(fmt::format("{}: {}", target.string(), error.message()));
    }
    for (const auto& [name, text] : *files) {
        if (auto written = process::write_file_atomically(target / name, text); !written) {
            return written;
        }
    }
    return {};
}

process::Result<bool> is_graded_whole(const Case& each, const fs::path& source,
                                      const grading::Activity& activity) {
    const char* const wanted = std::getenv("VMLAB_CORPUS");
    if (each.kind != Kind::wrong || (wanted != nullptr && std::string_view(wanted) == "whole")) {
        return true;
    }
    const fs::path grader = source / "graders" / each.activity;
    std::set<std::string> failed_before;
    for (const std::string& name : grading::wrong_submissions(grader)) {
        const auto wrong = grading::read_wrong_submission(grader, name, activity);
        if (!wrong) {
            return tl::unexpected(wrong.error());
        }
        const std::size_t before = failed_before.size();
        failed_before.insert(wrong->fails.begin(), wrong->fails.end());
        if (name == each.name) {
            return failed_before.size() > before;
        }
    }
    return process::failed(each.full_name() + ": there is no such submission");
}

process::Result<grading::Result> run_grader(const fs::path& grader, const fs::path& submission,
                                            const fs::path& result_file,
                                            const std::vector<std::string>& only) {
    process::ToolOptions options;
    options.limits.wall = std::chrono::minutes(5);
    std::vector<std::string> argv{grader.string(), "--submission", submission.string(), "--result",
                                  result_file.string()};
    for (const std::string& check : only) {
        argv.insert(argv.end(), {"--only", check});
    }
    const auto run = process::run_tool(argv, options);
    if (!run) {
        return tl::unexpected(run.error());
    }
    const auto text = process::read_file(result_file);
    if (!text) {
        return process::failed(
            fmt::format("{}: {}, no result\n{}{}", grader.string(), run->describe(), run->out, run->err));
    }
    auto result = grading::result_from_json(*text);
    if (result && !run->status.exited_with(result->exit_status())) {
        return process::failed(fmt::format("{}: {}, but the result says {}", grader.string(), run->describe(),
                                           result->exit_status()));
    }
    return result;
}

}  // namespace vmlab::corpus
