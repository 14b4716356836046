#include "redteam/attack.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string_view>
#include <system_error>

#include "grading/toml_document.hpp"
#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::redteam {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> texts(const toml::table& root, std::string_view key) {
    std::vector<std::string> found;
    if (const toml::array* array = root[key].as_array()) {
        for (const toml::node& element : *array) {
            found.push_back(element.value_or(std::string{}));
        }
    }
    return found;
}

std::map<std::string, std::string> pairs(const toml::table& root, std::string_view key) {
    std::map<std::string, std::string> found;
    if (const toml::table* table = root[key].as_table()) {
        for (const auto& [name, value] : *table) {
            found.emplace(name.str(), value.value_or(std::string{}));
        }
    }
    return found;
}

process::Result<Attack> read_attack(const fs::path& folder) {
    const fs::path file = folder / "expect.toml";
    const auto text = process::read_file(file);
    if (!text) {
        return tl::unexpected(text.error());
    }
    const auto root = grading::parse_toml(*text, file.string());
    if (!root) {
        return tl::unexpected(root.error());
    }
    const std::vector<std::string> keys{"row",
                                        "activity",
                                        "why",
                                        "checks",
                                        "fails",
                                        "reasons",
                                        "outcomes",
                                        "special",
                                        "extra",
                                        "settings",
                                        "reasons_unguarded",
                                        "places"};
    for (const auto& [key, value] : *root) {
        if (std::find(keys.begin(), keys.end(), key.str()) == keys.end()) {
            return process::failed(fmt::format("{}: there is no key \"{}\"", file.string(), key.str()));
        }
    }
    Attack attack;
    attack.name = folder.filename().string();
    attack.folder = folder;
    attack.row = static_cast<int>((*root)["row"].value_or(std::int64_t{0}));
    attack.activity = (*root)["activity"].value_or(std::string("01-heap-growth"));
    attack.why = (*root)["why"].value_or(std::string{});
    attack.checks = texts(*root, "checks");
    attack.fails = texts(*root, "fails");
    attack.reasons = pairs(*root, "reasons");
    attack.reasons_unguarded = pairs(*root, "reasons_unguarded");
    attack.outcomes = pairs(*root, "outcomes");
    attack.special = pairs(*root, "special");
    attack.extra = pairs(*root, "extra");
    attack.places = pairs(*root, "places");
    attack.settings = texts(*root, "settings");
    if (attack.row < 1 || attack.row > 25 || attack.why.empty() || attack.checks.empty()) {
        return process::failed(file.string() + ": needs row (1 to 25), why and checks");
    }
    return attack;
}

std::string filled_in(std::string text, const Placeholders& placeholders) {
    for (const auto& [name, value] : placeholders) {
        for (std::size_t at = text.find(name); at != std::string::npos;
             at = text.find(name, at + value.size())) {
            text.replace(at, name.size(), value);
        }
    }
    return text;
}

process::Result<void> write(const fs::path& path, const std::string& text) {
    std::error_code ignored;
    fs::create_directories(path.parent_path(), ignored);
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    return file ? process::Result<void>{} : process::failed("cannot write " + path.string());
}

process::Result<void> make_special(const fs::path& path, const std::string& kind) {
    std::error_code error;
    fs::remove(path, error);
    if (kind == "fifo") {
        return ::mkfifo(path.c_str(), 0644) == 0 ? process::Result<void>{}
                                                 : process::failed_call("mkfifo", path.string());
    }
    if (kind == "folder") {
        fs::create_directory(path, error);
    } else if (kind == "huge") {
        const process::Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
        if (!file || ::ftruncate(file.get(), off_t{1} << 40) != 0) {
            return process::failed_call("ftruncate", path.string());
        }
    } else if (kind.starts_with("link ")) {
        fs::create_symlink(kind.substr(5), path, error);
    } else {
        return process::failed(fmt::format("there is no special file \"{}\"", kind));
    }
    return error ? process::failed(fmt::format("{}: {}", path.string(), error.message()))
                 : process::Result<void>{};
}

}  // namespace

std::string name_of(Setting setting) {
    switch (setting) {
        case Setting::namespaces_as_root:
            return "namespaces-as-root";
        case Setting::namespaces_as_user:
            return "namespaces-as-user";
        case Setting::separate_user:
            return "separate-user";
        case Setting::none:
            break;
    }
    return "none";
}

process::Result<std::vector<Attack>> find_attacks(const fs::path& folder) {
    std::vector<Attack> attacks;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (!entry.is_directory()) {
            continue;
        }
        auto attack = read_attack(entry.path());
        if (!attack) {
            return tl::unexpected(attack.error());
        }
        attacks.push_back(std::move(*attack));
    }
    std::sort(attacks.begin(), attacks.end(),
              [](const Attack& a, const Attack& b) { return a.name < b.name; });
    return attacks;
}

process::Result<void> lay_out(const Attack& attack, const fs::path& source, const Placeholders& placeholders,
                              const fs::path& into) {
    const fs::path target = into / attack.activity;
    std::error_code error;
    fs::create_directories(target, error);
    for (const fs::path& from : {source / "graders" / attack.activity / "solution", attack.folder}) {
        for (const auto& entry : fs::directory_iterator(from, error)) {
            const std::string name = entry.path().filename().string();
            if (name == "expect.toml") {
                continue;
            }
            const auto text = process::read_file(entry.path());
            if (!text) {
                return tl::unexpected(text.error());
            }
            if (auto written = write(target / name, filled_in(*text, placeholders)); !written) {
                return written;
            }
        }
    }
    for (const auto& [name, text] : attack.extra) {
        // TOML knows no other bytes than UTF-8's.
        if (auto written = write(target / filled_in(name, {{"%FF", "\xff"}}), text); !written) {
            return written;
        }
    }
    for (const auto& [name, kind] : attack.special) {
        if (auto made = make_special(target / name, kind); !made) {
            return made;
        }
    }
    return {};
}

}  // namespace vmlab::redteam
