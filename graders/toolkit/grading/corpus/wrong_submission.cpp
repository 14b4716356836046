#include "grading/corpus/wrong_submission.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "grading/toml_document.hpp"
#include "vmlab/grading/result.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::grading {

namespace fs = std::filesystem;

namespace {

bool contains(const std::vector<std::string>& all, std::string_view one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

/// Reads NAME.toml piece by piece, keeping the first thing that is wrong.
class SubmissionReader {
  public:
    SubmissionReader(const toml::table& root, const Activity& activity, std::string file)
        : root_(root), activity_(activity), file_(std::move(file)) {}

    WrongSubmission read() {
        allow_only(root_, {"why", "fails", "reason", "reasons", "outcomes", "without", "starter", "edit"});
        WrongSubmission wrong;
        wrong.why = root_["why"].value_or(std::string());
        if (wrong.why.empty()) {
            mistake(root_, "needs why = \"...\"");
        }
        wrong.fails = texts("fails");
        if (wrong.fails.empty()) {
            mistake(root_, "a wrong submission fails at least one check");
        }
        for (const std::string& name : wrong.fails) {
            if (activity_.check(name) == nullptr) {
                mistake(root_, fmt::format("the activity has no check {}", name));
            }
        }
        wrong.reasons = reasons(wrong.fails);
        wrong.outcomes = by_check("outcomes", wrong.fails);
        for (const auto& [name, outcome] : wrong.outcomes) {
            if (!outcome_kind(outcome) || outcome == "passed") {
                mistake(root_, fmt::format("\"{}\" is no outcome of a check that does not pass", outcome));
            }
        }
        wrong.without = submitted("without");
        wrong.starter = submitted("starter");
        wrong.edits = edits();
        return wrong;
    }

    void mistake(const toml::node& place, const std::string& what) {
        if (!problem_) {
            problem_ = file_ + line_of(place) + ": " + what;
        }
    }
    [[nodiscard]] const std::optional<std::string>& problem() const { return problem_; }

  private:
    /// A misspelt key would otherwise be passed over in silence.
    void allow_only(const toml::table& table, std::initializer_list<std::string_view> keys) {
        for (const auto& [key, value] : table) {
            if (std::find(keys.begin(), keys.end(), key.str()) == keys.end()) {
                mistake(value, fmt::format("there is no key \"{}\"", key.str()));
            }
        }
    }

    std::vector<std::string> texts(std::string_view key) {
        std::vector<std::string> found;
        const toml::node* node = root_.get(key);
        if (node == nullptr) {
            return found;
        }
        const toml::array* array = node->as_array();
        if (array == nullptr || (!array->empty() && !array->is_homogeneous<std::string>())) {
            mistake(*node, fmt::format("{} is a list of texts", key));
            return found;
        }
        for (const toml::node& element : *array) {
            found.push_back(element.value_or(std::string()));
        }
        return found;
    }

    std::vector<std::string> submitted(std::string_view key) {
        std::vector<std::string> files = texts(key);
        for (const std::string& file : files) {
            if (!contains(activity_.submit, file)) {
                mistake(*root_.get(key), fmt::format("{} is not among the files to submit", file));
            }
        }
        return files;
    }

    std::map<std::string, std::string> by_check(std::string_view key, const std::vector<std::string>& fails) {
        std::map<std::string, std::string> found;
        const toml::node* node = root_.get(key);
        if (node == nullptr) {
            return found;
        }
        const toml::table* table = node->as_table();
        if (table == nullptr) {
            mistake(*node, fmt::format("[{}] is a table", key));
            return found;
        }
        for (const auto& [check, value] : *table) {
            if (!contains(fails, check.str())) {
                mistake(value, fmt::format("[{}] names {}, which is not in fails", key, check.str()));
            }
            found.emplace(check.str(), value.value_or(std::string()));
        }
        return found;
    }

    /// `reason` is that of every check in `fails`; [reasons] says those of single ones.
    std::map<std::string, std::string> reasons(const std::vector<std::string>& fails) {
        std::map<std::string, std::string> found = by_check("reasons", fails);
        if (root_.contains("reason")) {
            for (const std::string& check : fails) {
                found.emplace(check, root_["reason"].value_or(std::string()));
            }
        }
        for (const auto& [check, reason] : found) {
            if (!grading::reason_of(reason)) {
                mistake(root_, fmt::format("there is no reason \"{}\"", reason));
            }
        }
        return found;
    }

    std::vector<Edit> edits() {
        std::vector<Edit> found;
        const toml::node* node = root_.get("edit");
        if (node == nullptr) {
            return found;
        }
        const toml::array* array = node->as_array();
        if (array == nullptr || !array->is_homogeneous<toml::table>()) {
            mistake(*node, "\"edit\" must be written as [[edit]]");
            return found;
        }
        for (const toml::node& element : *array) {
            found.push_back(edit(*element.as_table()));
        }
        return found;
    }

    Edit edit(const toml::table& table) {
        allow_only(table, {"file", "was", "now"});
        const auto text = [&](std::string_view key) {
            const auto value = table[key].value_exact<std::string>();
            if (!value) {
                mistake(table, fmt::format("[[edit]] needs {} = '...'", key));
            }
            return value.value_or(std::string());
        };
        Edit edit{text("file"), text("was"), text("now"), file_ + line_of(table)};
        if (!contains(activity_.submit, edit.file)) {
            mistake(table, fmt::format("\"{}\" is not among the files to submit", edit.file));
        }
        if (edit.was.empty()) {
            mistake(table, "`was` is empty: it says which place is changed");
        } else if (edit.was == edit.now) {
            mistake(table, "the edit changes nothing");
        }
        return edit;
    }

    const toml::table& root_;
    const Activity& activity_;
    std::string file_;
    std::optional<std::string> problem_;
};

/// What is in the folder besides the submitted files, if anything.
std::optional<std::string> stranger_in(const fs::path& folder, const Activity& activity) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        if (!contains(activity.submit, name)) {
            return name;
        }
    }
    return std::nullopt;
}

/// A file is edited, given whole or taken away: not two of them at once.
std::optional<std::string> changed_twice(const WrongSubmission& wrong) {
    std::set<std::string> edited_files;
    for (const Edit& edit : wrong.edits) {
        edited_files.insert(edit.file);
    }
    for (const auto& [file, text] : wrong.whole) {
        if (edited_files.contains(file)) {
            return fmt::format("{} is edited, and stands as a whole file in {}/", file, wrong.name);
        }
        if (contains(wrong.starter, file)) {
            return fmt::format("{} is said to be the starter's, and stands as a whole file in {}/", file,
                               wrong.name);
        }
    }
    for (const std::string& file : wrong.without) {
        if (edited_files.contains(file) || wrong.whole.contains(file) || contains(wrong.starter, file)) {
            return fmt::format("{} is left out by `without`, and changed", file);
        }
    }
    return std::nullopt;
}

}  // namespace

std::string WrongSubmission::outcome_of(const std::string& check) const {
    if (!contains(fails, check)) {
        return "passed";
    }
    const auto found = outcomes.find(check);
    return found == outcomes.end() ? "failed" : found->second;
}

std::string WrongSubmission::reason_of(const std::string& check) const {
    const auto found = reasons.find(check);
    return found == reasons.end() ? "wrong-result" : found->second;
}

std::vector<std::string> wrong_submissions(const fs::path& grader) {
    std::set<std::string> names;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(grader / "wrong", ignored)) {
        if (entry.is_directory() || entry.path().extension() == ".toml") {
            names.insert(entry.is_directory() ? entry.path().filename().string()
                                              : entry.path().stem().string());
        }
    }
    return {names.begin(), names.end()};
}

process::Result<WrongSubmission> read_wrong_submission(const fs::path& grader, const std::string& name,
                                                       const Activity& activity) {
    const fs::path folder = grader / "wrong" / name;
    const std::string file = folder.string() + ".toml";
    std::error_code ignored;
    if (!fs::exists(file, ignored) && fs::is_directory(folder, ignored)) {
        return process::failed(fmt::format("{} is missing: it says what {}/ is", file, folder.string()),
                               "docs/add-an-activity.md shows one");
    }
    const auto text = process::read_file(file);
    if (!text) {
        return tl::unexpected(text.error());
    }
    const auto root = parse_toml(*text, file);
    if (!root) {
        return tl::unexpected(root.error());
    }
    SubmissionReader reader(*root, activity, file);
    WrongSubmission wrong = reader.read();
    wrong.name = name;
    if (fs::is_directory(folder, ignored)) {
        auto whole = submitted_files(folder, activity);
        if (!whole) {
            return tl::unexpected(whole.error());
        }
        wrong.whole = std::move(*whole);
        if (const auto stranger = stranger_in(folder, activity)) {
            reader.mistake(*root, fmt::format("{}/{} is not among the files to submit", name, *stranger));
        }
    }
    if (const auto twice = changed_twice(wrong)) {
        reader.mistake(*root, *twice);
    }
    if (reader.problem()) {
        return process::failed(*reader.problem());
    }
    return wrong;
}

process::Result<Files> submitted_files(const fs::path& folder, const Activity& activity) {
    Files files;
    for (const std::string& name : activity.submit) {
        std::error_code ignored;
        if (!fs::exists(folder / name, ignored)) {
            continue;
        }
        auto text = process::read_file(folder / name);
        if (!text) {
            return tl::unexpected(text.error());
        }
        files.emplace(name, std::move(*text));
    }
    return files;
}

process::Result<Files> files_of(const WrongSubmission& wrong, const fs::path& grader,
                                const Activity& activity) {
    auto solution = submitted_files(grader / "solution", activity);
    if (!solution) {
        return solution;
    }
    auto starter = submitted_files(grader / "starter", activity);
    if (!starter) {
        return starter;
    }
    Files files = *solution;
    for (const auto& [name, text] : *starter) {
        if (contains(wrong.starter, name)) {
            files[name] = text;
        }
    }
    for (const Edit& edit : wrong.edits) {
        if (!files.contains(edit.file)) {
            return process::failed(fmt::format("{}: the solution has no {}", edit.place, edit.file));
        }
    }
    for (auto& file : files) {
        const std::string& name = file.first;
        std::vector<Edit> edits;
        std::copy_if(wrong.edits.begin(), wrong.edits.end(), std::back_inserter(edits),
                     [&](const Edit& edit) { return edit.file == name; });
        const std::string_view base = contains(wrong.starter, name) ? "starter" : "solution";
        auto result = edited(file.second, fmt::format("{}/{}", base, name), edits);
        if (!result) {
            return tl::unexpected(result.error());
        }
        file.second = std::move(*result);
    }
    for (const auto& [name, text] : wrong.whole) {
        files[name] = text;
    }
    for (const std::string& name : wrong.without) {
        files.erase(name);
    }
    const auto unchanged = std::find_if(wrong.whole.begin(), wrong.whole.end(), [&](const auto& each) {
        const auto known = solution->find(each.first);
        return known != solution->end() && known->second == each.second;
    });
    if (files == *solution || unchanged != wrong.whole.end()) {
        return process::failed(
            fmt::format("{}: {} is the solution's", (grader / "wrong" / wrong.name).string(),
                        files == *solution ? std::string("every file") : unchanged->first),
            "say what it changes, in an [[edit]]");
    }
    return files;
}

}  // namespace vmlab::grading
