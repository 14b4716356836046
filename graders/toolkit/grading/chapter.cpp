#include "vmlab/grading/chapter.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "grading/toml_document.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::grading {
namespace {

/// Takes the activities with these numbers out of those that are not in a chapter yet.
process::Result<std::vector<Activity>> take(const toml::table& table, const std::string& file,
                                            std::map<std::int64_t, Activity>& left) {
    std::vector<Activity> taken;
    const toml::array* const numbers = table["activities"].as_array();
    if (numbers == nullptr || numbers->empty()) {
        return process::failed(file + line_of(table) + ": [[chapter]] needs activities = [NUMBER, ...]");
    }
    for (const toml::node& node : *numbers) {
        const auto number = node.value_exact<std::int64_t>();
        const auto found = number ? left.find(*number) : left.end();
        if (found == left.end()) {
            return process::failed(file + line_of(node) +
                                   ": not the number of an activity that is in no other chapter");
        }
        taken.push_back(std::move(found->second));
        left.erase(found);
    }
    return taken;
}

}  // namespace

process::Result<std::vector<Chapter>> load_chapters(const std::filesystem::path& activities) {
    auto all = load_activities(activities);
    if (!all) {
        return tl::unexpected(all.error());
    }
    const std::string file = (activities / "chapters.toml").string();
    const auto text = process::read_file(file);
    if (!text) {
        return tl::unexpected(text.error());
    }
    const auto root = parse_toml(*text, file);
    if (!root) {
        return tl::unexpected(root.error());
    }
    std::map<std::int64_t, Activity> left;
    for (Activity& activity : *all) {
        left.emplace(activity.number, std::move(activity));
    }
    std::vector<Chapter> chapters;
    const toml::array* const tables = (*root)["chapter"].as_array();
    for (std::size_t i = 0; tables != nullptr && i < tables->size(); ++i) {
        const toml::table* const table = (*tables)[i].as_table();
        const auto title = table != nullptr ? (*table)["title"].value_exact<std::string>() : std::nullopt;
        const auto why = table != nullptr ? (*table)["why"].value_exact<std::string>() : std::nullopt;
        if (!title || !why) {
            return process::failed(file + line_of((*tables)[i]) + ": [[chapter]] needs title and why");
        }
        auto taken = take(*table, file, left);
        if (!taken) {
            return tl::unexpected(taken.error());
        }
        chapters.push_back({*title, *why, std::move(*taken)});
    }
    if (!left.empty()) {
        return process::failed(fmt::format("{}: activity {} is in no chapter", file, left.begin()->first));
    }
    return chapters;
}

}  // namespace vmlab::grading
