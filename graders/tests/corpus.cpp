#include "corpus.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <system_error>

#include "grading/toml_document.hpp"
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

fs::path folder_of(const Case& each, const fs::path& source) {
    const fs::path grader = source / "graders" / each.activity;
    switch (each.kind) {
        case Kind::solution:
            return grader / "solution";
        case Kind::variant:
            return grader / "variants" / each.name;
        case Kind::starter:
            return source / "activities" / each.activity;
        case Kind::wrong:
            break;
    }
    return grader / "wrong" / each.name;
}

bool contains(const std::vector<std::string>& all, std::string_view one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

/// Reads an expect.toml piece by piece, keeping the first thing that is wrong.
class Reader {
  public:
    Reader(const toml::table& root, std::string file) : root_(root), file_(std::move(file)) {}

    void wrong(const std::string& what) {
        if (problem.empty()) {
            problem = file_ + ": " + what;
        }
    }

    std::vector<std::string> texts(std::string_view key) {
        std::vector<std::string> found;
        const toml::node* node = root_.get(key);
        if (node == nullptr) {
            return found;
        }
        const toml::array* array = node->as_array();
        if (array == nullptr) {
            wrong(fmt::format("{} is a list of texts", key));
            return found;
        }
        for (const toml::node& element : *array) {
            found.push_back(element.value_or(std::string{}));
        }
        return found;
    }

    std::map<std::string, std::string> pairs(std::string_view key) {
        std::map<std::string, std::string> found;
        const toml::node* node = root_.get(key);
        if (node == nullptr) {
            return found;
        }
        const toml::table* table = node->as_table();
        if (table == nullptr) {
            wrong(fmt::format("[{}] is a table", key));
            return found;
        }
        for (const auto& [name, value] : *table) {
            found.emplace(name.str(), value.value_or(std::string{}));
        }
        return found;
    }

    std::string problem;

  private:
    const toml::table& root_;
    std::string file_;
};

void validate(Reader& reader, const Expectation& expectation, const grading::Activity& activity) {
    if (expectation.why.empty()) {
        reader.wrong("needs why = \"...\"");
    }
    if (expectation.fails.empty()) {
        reader.wrong("a wrong submission fails at least one check");
    }
    for (const std::string& name : expectation.fails) {
        if (activity.check(name) == nullptr) {
            reader.wrong(fmt::format("the activity has no check {}", name));
        }
    }
    for (const std::string& file : expectation.without) {
        if (!contains(activity.submit, file)) {
            reader.wrong(fmt::format("{} is not among the files to submit", file));
        }
    }
    for (const auto& [name, reason] : expectation.reasons) {
        if (!contains(expectation.fails, name)) {
            reader.wrong(fmt::format("[reasons] names {}, which is not in fails", name));
        }
        if (!grading::reason_of(reason)) {
            reader.wrong(fmt::format("there is no reason \"{}\"", reason));
        }
    }
    for (const auto& [name, outcome] : expectation.outcomes) {
        if (!contains(expectation.fails, name)) {
            reader.wrong(fmt::format("[outcomes] names {}, which is not in fails", name));
        }
        if (!grading::outcome_kind(outcome) || outcome == "passed") {
            reader.wrong(fmt::format("\"{}\" is no outcome of a check that does not pass", outcome));
        }
    }
}

/// Copies the submitted files of a folder; anything else in it (but its own .toml) is a mistake.
process::Result<void> overlay(const fs::path& from, const grading::Activity& activity,
                              const std::vector<std::string>& without, bool nothing_else,
                              const fs::path& to) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(from, error)) {
        const std::string name = entry.path().filename().string();
        if (!contains(activity.submit, name)) {
            if (nothing_else && name != "expect.toml" && name != "variant.toml") {
                return process::failed(
                    fmt::format("{} is not among the files to submit", entry.path().string()));
            }
            continue;
        }
        if (contains(without, name)) {
            continue;
        }
        fs::copy_file(entry.path(), to / name, fs::copy_options::overwrite_existing, error);
        if (error) {
            return process::failed(fmt::format("copy {}: {}", entry.path().string(), error.message()));
        }
    }
    if (error) {
        return process::failed(fmt::format("{}: {}", from.string(), error.message()));
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
        for (const std::string& name : folders_in(grader / "wrong")) {
            cases.push_back({activity, Kind::wrong, name});
        }
    }
    return cases;
}

process::Result<Expectation> read_expectation(const fs::path& file, const grading::Activity& activity) {
    const auto text = process::read_file(file);
    if (!text) {
        return tl::unexpected(text.error());
    }
    const auto root = grading::parse_toml(*text, file.string());
    if (!root) {
        return tl::unexpected(root.error());
    }
    Reader reader(*root, file.string());
    const std::vector<std::string> keys{"why", "fails", "without", "reasons", "outcomes"};
    for (const auto& [key, value] : *root) {
        if (!contains(keys, key.str())) {
            reader.wrong(fmt::format("there is no key \"{}\"", key.str()));
        }
    }
    Expectation expectation{(*root)["why"].value_or(std::string{}), reader.texts("fails"),
                            reader.texts("without"), reader.pairs("reasons"), reader.pairs("outcomes")};
    validate(reader, expectation, activity);
    if (!reader.problem.empty()) {
        return process::failed(reader.problem);
    }
    return expectation;
}

process::Result<void> lay_out(const Case& each, const fs::path& source, const grading::Activity& activity,
                              const fs::path& into) {
    const fs::path folder = folder_of(each, source);
    const fs::path target = into / each.activity;
    std::error_code error;
    fs::create_directories(target, error);
    if (error) {
        return process::failed(fmt::format("{}: {}", target.string(), error.message()));
    }
    if (each.kind == Kind::starter) {
        return overlay(folder, activity, {}, false, target);
    }

    std::vector<std::string> without;
    if (each.kind == Kind::wrong) {
        auto expectation = read_expectation(folder / "expect.toml", activity);
        if (!expectation) {
            return tl::unexpected(expectation.error());
        }
        without = std::move(expectation->without);
    }
    const fs::path solution = source / "graders" / each.activity / "solution";
    if (auto copied = overlay(solution, activity, without, true, target); !copied) {
        return copied;
    }
    return each.kind == Kind::solution ? process::Result<void>{}
                                       : overlay(folder, activity, {}, true, target);
}

process::Result<grading::Result> run_grader(const fs::path& grader, const fs::path& submission,
                                            const fs::path& result_file) {
    process::ToolOptions options;
    options.limits.wall = std::chrono::minutes(5);
    const auto run = process::run_tool(
        {grader.string(), "--submission", submission.string(), "--result", result_file.string()}, options);
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
