#include "grading/handed_in/survey.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "grading/handed_in/file_name.hpp"

namespace vmlab::grading {

namespace {

using process::Descriptor;

struct CloseFolder {
    void operator()(DIR* folder) const { closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

constexpr int as_a_folder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

/// Not a person's work, whatever its files are called.
bool is_left_out(std::string_view name) {
    constexpr std::array<std::string_view, 9> names = {"__macosx",     "graders",     "cmakefiles",
                                                       "node_modules", "__pycache__", "_deps",
                                                       "debug",        "release",     "x64"};
    constexpr std::array<std::string_view, 3> beginnings = {"build-", "build_", "cmake-build"};
    const std::string lower = in_lower_case(name);
    return lower.starts_with('.') || lower == "build" ||
           std::find(names.begin(), names.end(), lower) != names.end() ||
           std::any_of(beginnings.begin(), beginnings.end(),
                       [&lower](std::string_view each) { return lower.starts_with(each); });
}

unsigned char type_of(int folder, const dirent& entry) {
    if (entry.d_type != DT_UNKNOWN) {
        return entry.d_type;
    }
    struct stat facts {};
    return fstatat(folder, entry.d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0
               ? static_cast<unsigned char>(IFTODT(facts.st_mode))
               : static_cast<unsigned char>(DT_UNKNOWN);
}

std::string kind_of(unsigned char type) {
    switch (type) {
        case DT_REG:
            return {};
        case DT_LNK:
            return "a link";
        case DT_FIFO:
            return "a FIFO";
        case DT_SOCK:
            return "a socket";
        default:
            return "a device";
    }
}

/// One level of the tree: what lies in its folders, and the folders below.
struct Level {
    std::vector<Survey::Entry> entries;
    std::vector<std::string> folders;
};

/// A grader of this lab: its solution, starter and wrong submissions are nobody's work.
bool is_a_grader(const Level& inside, const std::string& prefix) {
    const auto is_checks = [&](const Survey::Entry& entry) { return entry.path == prefix + "checks.cpp"; };
    return std::any_of(inside.entries.begin(), inside.entries.end(), is_checks) &&
           std::find(inside.folders.begin(), inside.folders.end(), prefix + "solution") !=
               inside.folders.end();
}

/// False when there are more entries than are looked at.
bool look_into(int root, const std::string& path, std::size_t& seen, Level& level, Survey& result) {
    Descriptor opened = open_folder_below(root, path);
    const OpenFolder folder(opened ? fdopendir(opened.get()) : nullptr);
    if (!folder) {
        result.unreadable.push_back(path);
        return true;
    }
    (void)opened.release();  // closed with `folder`
    const std::string prefix = path.empty() ? "" : path + "/";
    Level inside;
    while (const dirent* entry = readdir(folder.get())) {
        const std::string name = entry->d_name;
        if (name == "." || name == "..") {
            continue;
        }
        if (++seen > most_entries) {
            return false;
        }
        if (name.starts_with('.')) {
            continue;
        }
        const unsigned char type = type_of(dirfd(folder.get()), *entry);
        if (type != DT_DIR) {
            inside.entries.push_back({prefix + name, kind_of(type)});
        } else if (!is_left_out(name)) {
            inside.folders.push_back(prefix + name);
        }
    }
    if (!is_a_grader(inside, prefix)) {
        level.entries.insert(level.entries.end(), inside.entries.begin(), inside.entries.end());
        level.folders.insert(level.folders.end(), inside.folders.begin(), inside.folders.end());
    }
    return true;
}

}  // namespace

Descriptor open_folder_below(int folder, const std::string& path) {
    Descriptor current(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    std::size_t begin = 0;
    while (current && begin < path.size()) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        current = Descriptor(openat(current.get(), path.substr(begin, end - begin).c_str(), as_a_folder));
        begin = end + 1;
    }
    return current;
}

Survey survey(int folder) {
    Survey result;
    std::size_t seen = 0;
    std::vector<std::string> folders = {""};
    for (int depth = 0; !folders.empty(); ++depth) {
        if (depth > deepest_level) {
            result.cut = fmt::format("its folders lie more than {} deep", deepest_level);
            return result;
        }
        Level level;
        for (const std::string& each : folders) {
            if (!look_into(folder, each, seen, level, result)) {
                result.cut = fmt::format("it holds more than {} entries", most_entries);
                return result;
            }
        }
        std::sort(level.entries.begin(), level.entries.end(),
                  [](const Survey::Entry& a, const Survey::Entry& b) { return a.path < b.path; });
        std::sort(level.folders.begin(), level.folders.end());
        result.entries.insert(result.entries.end(), level.entries.begin(), level.entries.end());
        folders = std::move(level.folders);
    }
    return result;
}

}  // namespace vmlab::grading
