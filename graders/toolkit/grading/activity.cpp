#include "vmlab/grading/activity.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <optional>
#include <set>

#include "grading/toml_document.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::grading {

namespace {

/// Collects the first thing that is wrong, so that the code below can read on without a test at each step.
class Reader {
  public:
    explicit Reader(std::string file) : file_(std::move(file)) {}

    void wrong(const toml::node& place, const std::string& what) {
        if (!problem_) {
            problem_ = file_ + line_of(place) + ": " + what;
        }
    }
    [[nodiscard]] const std::optional<std::string>& problem() const { return problem_; }

    /// A misspelt key would otherwise be passed over in silence.
    void allow_only(const toml::table& table, const std::string& name,
                    std::initializer_list<std::string_view> keys) {
        for (const auto& [key, value] : table) {
            if (std::find(keys.begin(), keys.end(), key.str()) == keys.end()) {
                wrong(value, fmt::format("{} has no key \"{}\"", name, key.str()));
            }
        }
    }

    std::string text(const toml::table& table, const std::string& name, std::string_view key) {
        const auto value = table[key].value_exact<std::string>();
        if (!value || value->empty()) {
            wrong(table, fmt::format("{} needs {} = \"...\"", name, key));
            return {};
        }
        return *value;
    }

    int number(const toml::table& table, const std::string& name, std::string_view key) {
        const auto value = table[key].value_exact<std::int64_t>();
        if (!value || *value < 1 || *value > 1000) {
            wrong(table, fmt::format("{} needs {} = a whole number above 0", name, key));
            return 0;
        }
        return static_cast<int>(*value);
    }

    /// The tables of an array of tables; none when it is absent.
    std::vector<const toml::table*> tables(const toml::table& table, std::string_view key) {
        std::vector<const toml::table*> found;
        const toml::node* node = table.get(key);
        if (node == nullptr) {
            return found;
        }
        const toml::array* array = node->as_array();
        if (array == nullptr || !array->is_homogeneous<toml::table>()) {
            wrong(*node, fmt::format("\"{}\" must be written as [[{}]]", key, key));
            return found;
        }
        for (const toml::node& element : *array) {
            found.push_back(element.as_table());
        }
        return found;
    }

  private:
    std::string file_;
    std::optional<std::string> problem_;
};

bool is_plain_file_name(std::string_view name) {
    return !name.empty() && name.front() != '-' && name.front() != '.' &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
           });
}

bool is_test_name(std::string_view name) {
    return !name.empty() && std::isalpha(static_cast<unsigned char>(name.front())) != 0 &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
}

void read_submit(Reader& reader, const toml::table& root, Activity& activity) {
    const toml::array* files = root["submit"].as_array();
    if (files == nullptr || files->empty()) {
        reader.wrong(root, "needs submit = [\"FILE\", ...]");
        return;
    }
    for (const toml::node& node : *files) {
        const auto name = node.value_exact<std::string>();
        if (!name || !is_plain_file_name(*name)) {
            reader.wrong(node, "submit holds plain file names: letters, digits, '_', '-' and '.'");
        } else if (std::find(activity.submit.begin(), activity.submit.end(), *name) !=
                   activity.submit.end()) {
            reader.wrong(node, fmt::format("submit names {} twice", *name));
        } else {
            activity.submit.push_back(*name);
        }
    }
}

bool submits(const Activity& activity, const std::string& file) {
    return std::find(activity.submit.begin(), activity.submit.end(), file) != activity.submit.end();
}

void read_programs(Reader& reader, const toml::table& root, Activity& activity) {
    std::set<std::string> names;
    for (const toml::table* table : reader.tables(root, "program")) {
        reader.allow_only(*table, "[[program]]", {"name", "source"});
        ProgramInfo program{reader.text(*table, "[[program]]", "name"),
                            reader.text(*table, "[[program]]", "source")};
        if (!is_plain_file_name(program.name)) {
            reader.wrong(*table, fmt::format("\"{}\" is no name for a program", program.name));
        }
        if (!submits(activity, program.source)) {
            reader.wrong(*table, fmt::format("{} is not among the files to submit", program.source));
        }
        if (!names.insert(program.name).second) {
            reader.wrong(*table, fmt::format("two programs are called {}", program.name));
        }
        activity.programs.push_back(std::move(program));
    }
}

void read_checks(Reader& reader, const toml::table& root, Activity& activity) {
    std::set<std::string> names;
    for (const toml::table* table : reader.tables(root, "check")) {
        reader.allow_only(*table, "[[check]]", {"name", "title", "points", "why", "needs"});
        CheckInfo check{reader.text(*table, "[[check]]", "name"),
                        reader.text(*table, "[[check]]", "title"),
                        reader.number(*table, "[[check]]", "points"),
                        {},
                        {}};
        if (table->contains("why")) {
            check.why = reader.text(*table, "[[check]]", "why");
        }
        if (table->contains("needs")) {
            check.needs = reader.text(*table, "[[check]]", "needs");
            if (!names.contains(check.needs)) {
                reader.wrong(
                    *table, fmt::format("\"{}\" is no check that stands before {}", check.needs, check.name));
            }
        }
        if (!is_test_name(check.name)) {
            reader.wrong(*table, fmt::format("\"{}\" is no name for a GoogleTest test", check.name));
        }
        if (!names.insert(check.name).second) {
            reader.wrong(*table, fmt::format("two checks are called {}", check.name));
        }
        activity.checks.push_back(std::move(check));
    }
    if (activity.checks.empty()) {
        reader.wrong(root, "has no [[check]]");
    } else if (activity.max_score() != 100) {
        reader.wrong(root,
                     fmt::format("the points of its checks add up to {}, not 100", activity.max_score()));
    }
}

void read_hints(Reader& reader, const toml::table& root, Activity& activity) {
    for (const toml::table* table : reader.tables(root, "hint")) {
        reader.allow_only(*table, "[[hint]]", {"file", "text"});
        Hint hint;
        hint.text = reader.text(*table, "[[hint]]", "text");
        if (table->contains("file")) {
            hint.file = reader.text(*table, "[[hint]]", "file");
            if (!submits(activity, hint.file)) {
                reader.wrong(*table, fmt::format("{} is not among the files to submit", hint.file));
            }
        }
        activity.hints.push_back(std::move(hint));
    }
}

}  // namespace

int Activity::max_score() const {
    int sum = 0;
    for (const CheckInfo& check : checks) {
        sum += check.points;
    }
    return sum;
}

std::string Activity::folder_name() const {
    return fmt::format("{:02}-{}", number, slug);
}

const CheckInfo* Activity::check(std::string_view name) const {
    const auto found =
        std::find_if(checks.begin(), checks.end(), [&](const CheckInfo& each) { return each.name == name; });
    return found == checks.end() ? nullptr : &*found;
}

process::Result<Activity> load_activity(const std::filesystem::path& folder) {
    const std::filesystem::path file = folder / "activity.toml";
    const auto text = process::read_file(file);
    if (!text) {
        return tl::unexpected(text.error());
    }
    const auto root = parse_toml(*text, file.string());
    if (!root) {
        return tl::unexpected(root.error());
    }

    Reader reader(file.string());
    Activity activity;
    activity.folder = folder;
    reader.allow_only(*root, "activity.toml",
                      {"number", "slug", "title", "summary", "submit", "program", "check", "hint"});
    activity.number = reader.number(*root, "activity.toml", "number");
    activity.slug = reader.text(*root, "activity.toml", "slug");
    activity.title = reader.text(*root, "activity.toml", "title");
    activity.summary = reader.text(*root, "activity.toml", "summary");
    read_submit(reader, *root, activity);
    read_programs(reader, *root, activity);
    read_checks(reader, *root, activity);
    read_hints(reader, *root, activity);

    const std::filesystem::path named = std::filesystem::absolute(folder).lexically_normal();
    const std::string folder_name =
        named.has_filename() ? named.filename().string() : named.parent_path().filename().string();
    if (folder_name != activity.folder_name()) {
        reader.wrong(*root, fmt::format("number and slug give {}, but its folder is called {}",
                                        activity.folder_name(), folder_name));
    }
    if (reader.problem()) {
        return process::failed(*reader.problem());
    }
    return activity;
}

process::Result<std::vector<Activity>> load_activities(const std::filesystem::path& activities) {
    std::error_code error;
    std::vector<Activity> found;
    for (const auto& entry : std::filesystem::directory_iterator(activities, error)) {
        std::error_code ignored;
        if (!std::filesystem::exists(entry.path() / "activity.toml", ignored)) {
            continue;
        }
        auto activity = load_activity(entry.path());
        if (!activity) {
            return tl::unexpected(activity.error());
        }
        found.push_back(std::move(*activity));
    }
    if (error) {
        return process::failed(fmt::format("{}: {}", activities.string(), error.message()));
    }
    if (found.empty()) {
        return process::failed(fmt::format("{} holds no activity", activities.string()));
    }
    std::sort(found.begin(), found.end(),
              [](const Activity& a, const Activity& b) { return a.number < b.number; });
    const auto twin =
        std::adjacent_find(found.begin(), found.end(),
                           [](const Activity& a, const Activity& b) { return a.number == b.number; });
    if (twin != found.end()) {
        return process::failed(fmt::format("{} and {} have the same number", twin->folder.string(),
                                           std::next(twin)->folder.string()));
    }
    return found;
}

}  // namespace vmlab::grading
