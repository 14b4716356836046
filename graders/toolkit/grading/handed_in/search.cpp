#include "grading/handed_in/search.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>
#include <vector>

#include "grading/handed_in/file_name.hpp"
#include "grading/handed_in/regular_file.hpp"
#include "vmlab/grading/verdict.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::grading {

namespace {

/// More of them are named, not read.
constexpr std::size_t most_candidates = 32;
constexpr std::size_t most_named = 10;
constexpr std::array<std::string_view, 8> archives = {".zip", ".tar", ".gz", ".tgz",
                                                      ".xz",  ".bz2", ".7z", ".rar"};

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string last_part(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

bool holds(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

/// Text without what an editor changes by itself.
std::string essence(const std::string& text) {
    std::string result;
    for (const char byte : text.starts_with("\xef\xbb\xbf") ? text.substr(3) : text) {
        if (byte == '\r') {
            continue;
        }
        if (byte == '\n') {
            result.erase(result.find_last_not_of(" \t") + 1);
        }
        result += byte;
    }
    result.erase(result.find_last_not_of(" \t\n") + 1);
    return result;
}

bool is_archive(const std::string& path) {
    const std::string name = in_lower_case(path);
    return std::any_of(archives.begin(), archives.end(),
                       [&name](std::string_view extension) { return name.ends_with(extension); });
}

std::string list_of(const std::vector<std::string>& names) {
    std::string list;
    for (std::size_t i = 0; i < names.size() && i < most_named; ++i) {
        list += (i == 0 ? "" : "\n") + shown_path(names[i]);
    }
    if (names.size() > most_named) {
        list += fmt::format("\n… and {} more", names.size() - most_named);
    }
    return list;
}

}  // namespace

std::string shown_path(const std::string& path) {
    return excerpt(path.substr(0, path.find('\n')), 1) + (path.find('\n') == std::string::npos ? "" : "…");
}

struct Search::Candidate {
    std::string path;
    Likeness likeness;
    int place;
    bool starter = false;
    std::string content = {};

    /// Smaller is better. Work goes before a starter, then the name counts, then the place.
    [[nodiscard]] auto rank() const { return std::tuple(starter, likeness, place); }
};

const Survey& Search::seen() {
    if (!survey_) {
        survey_ = survey(folder_);
    }
    return *survey_;
}

bool Search::is_starter(const std::string& file, const std::string& content) const {
    if (surroundings_.starter.empty()) {
        return false;
    }
    const auto original = process::read_file(surroundings_.starter / file);
    return original && essence(*original) == essence(content);
}

bool Search::is_asked_for_by_others(const std::string& file) const {
    return std::any_of(
        surroundings_.activities.begin(), surroundings_.activities.end(),
        [&](const Activity& other) { return other.number != activity_.number && holds(other.submit, file); });
}

const Search::Company& Search::company_of(const std::string& path) {
    if (!company_) {
        company_.emplace();
        for (const Survey::Entry& entry : seen().entries) {
            const std::string name = last_part(entry.path);
            Company& company = (*company_)[folder_of(entry.path)];
            for (const Activity& other : surroundings_.activities) {
                for (const std::string& file : other.submit) {
                    if (!holds(activity_.submit, file) && likeness(name, file)) {
                        company.theirs = true;
                    }
                }
            }
            for (const std::string& file : activity_.submit) {
                if (!is_asked_for_by_others(file) && likeness(name, file)) {
                    company.ours = true;
                }
            }
        }
    }
    return (*company_)[folder_of(path)];
}

bool Search::is_of_another(const std::string& file, const std::string& path) {
    const std::string name = last_part(path);
    const auto asked_for = [&](const Activity& other) { return holds(other.submit, name); };
    if (!holds(activity_.submit, name) &&
        std::any_of(surroundings_.activities.begin(), surroundings_.activities.end(), asked_for)) {
        return true;
    }
    if (!is_asked_for_by_others(file)) {
        return false;
    }
    // The folders on the way, and the submission itself where it is one activity's.
    const std::string folders = in_lower_case("/" + name_ + "/" + folder_of(path) + "/");
    const bool in_own = folders.find("/" + in_lower_case(activity_.folder_name()) + "/") != std::string::npos;
    const bool in_anothers = std::any_of(
        surroundings_.activities.begin(), surroundings_.activities.end(), [&](const Activity& other) {
            return other.number != activity_.number &&
                   folders.find("/" + in_lower_case(other.folder_name()) + "/") != std::string::npos;
        });
    if (in_own || in_anothers) {
        return !in_own;
    }
    const Company& company = company_of(path);
    return company.theirs && !company.ours;
}

int Search::place(const std::string& file, const std::string& path) {
    const std::string folder = in_lower_case(folder_of(path));
    const std::string own = in_lower_case(activity_.folder_name());
    if (last_part(folder) == own) {
        return last_part(folder_of(folder)) == "activities" ? 0 : 1;
    }
    // An answers.toml is this activity's where its program lies.
    return is_asked_for_by_others(file) && company_of(path).ours ? 2 : 3;
}

Refusal Search::missing(const std::string& file) {
    Refusal refusal;
    refusal.what = "missing";
    std::vector<std::string> names;
    for (const Survey::Entry& entry : seen().entries) {
        names.push_back(entry.path + (entry.is.empty() ? "" : " (" + entry.is + ")"));
    }
    refusal.found = names.empty() ? "no file was found in what was handed in"
                                  : "found in what was handed in:\n" + list_of(names);
    for (const std::string& each : seen().unreadable) {
        refusal.found += fmt::format("\nthe folder {} may not be read", shown_path(each));
    }
    refusal.next = fmt::format("Put {} into what you hand in: into the folder {}, or at its top.", file,
                               activity_.folder_name());
    const auto archive = std::find_if(seen().entries.begin(), seen().entries.end(),
                                      [](const Survey::Entry& entry) { return is_archive(entry.path); });
    if (archive != seen().entries.end()) {
        refusal.next = fmt::format("Unpack {}: an archive is not looked into.", shown_path(archive->path));
    }
    if (!seen().cut.empty()) {
        refusal.found += fmt::format("\nnot everything was looked at: {}", seen().cut);
        refusal.next =
            fmt::format("Hand in the folder {} alone, with {} in it.", activity_.folder_name(), file);
    }
    return refusal;
}

tl::expected<Search::Taken, Refusal> Search::find(const std::string& file) {
    std::vector<Candidate> candidates;
    for (const Survey::Entry& entry : seen().entries) {
        const auto like = likeness(last_part(entry.path), file);
        if (like && entry.is.empty() && !is_of_another(file, entry.path)) {
            candidates.push_back({entry.path, *like, place(file, entry.path)});
        }
    }
    const auto several = [&] {
        std::vector<std::string> paths;
        paths.reserve(candidates.size());
        for (const Candidate& each : candidates) {
            paths.push_back(each.path);
        }
        return tl::unexpected(Refusal{
            .what = fmt::format("missing, and {} files could be meant", paths.size()),
            .found = list_of(paths),
            .next = fmt::format("Hand in one of them only, as {}/{}.", activity_.folder_name(), file)});
    };
    if (candidates.size() > most_candidates) {
        return several();
    }
    std::optional<Refusal> unreadable;
    std::erase_if(candidates, [&](Candidate& candidate) {
        const process::Descriptor folder = open_folder_below(folder_, folder_of(candidate.path));
        auto content = read_regular_file(folder.get(), last_part(candidate.path));
        if (!content) {
            unreadable = Refusal{
                .what = fmt::format("missing, and {} {}", shown_path(candidate.path), content.error()),
                .found = {},
                .next = fmt::format("Hand it in as {}/{}.", activity_.folder_name(), file)};
            return true;
        }
        candidate.starter = is_starter(file, *content);
        candidate.content = *std::move(content);
        return false;
    });
    if (candidates.empty()) {
        return tl::unexpected(unreadable ? *unreadable : missing(file));
    }
    // Stable: of equals, the one that lies higher up.
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.rank() < b.rank(); });
    const Candidate best = candidates.front();
    Taken taken{best.path, best.content, {}};
    if (candidates.back().starter && !best.starter) {
        taken.passed_over = candidates.back().path;
    }
    std::erase_if(candidates, [&best](const Candidate& each) { return each.rank() != best.rank(); });
    const bool one = std::all_of(candidates.begin(), candidates.end(),
                                 [&best](const Candidate& each) { return each.content == best.content; });
    if (!one) {
        return several();
    }
    return taken;
}

}  // namespace vmlab::grading
