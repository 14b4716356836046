#include "cli/progress_store.hpp"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

#include "vmlab/process/files.hpp"
#include "vmlab/report/json.hpp"

namespace vmlab::cli {

namespace {

/// With the folders on the way. What root makes in another person's home is that person's.
process::Result<void> make_folders(const std::filesystem::path& folder) {
    std::error_code error;
    if (std::filesystem::is_directory(folder, error)) {
        return {};
    }
    if (folder.has_parent_path() && folder != folder.parent_path()) {
        if (auto made = make_folders(folder.parent_path()); !made) {
            return made;
        }
    }
    std::filesystem::create_directory(folder, error);
    if (error) {
        return process::failed(fmt::format("create {}: {}", folder.string(), error.message()));
    }
    process::give_to_owner_of_folder(folder);
    return {};
}

}  // namespace

std::filesystem::path ProgressStore::result_file(const std::string& folder_name) const {
    return folder_ / (folder_name + ".json");
}

std::filesystem::path ProgressStore::hints_file(const grading::Activity& activity) const {
    return folder_ / (activity.folder_name() + ".hints");
}

process::Result<void> ProgressStore::write(const std::filesystem::path& file, const std::string& text) const {
    if (auto made = make_folders(folder_); !made) {
        return made;
    }
    auto written = process::write_file_atomically(file, text);
    if (written) {
        process::give_to_owner_of_folder(file);
    }
    return written;
}

std::optional<grading::ActivityResult> ProgressStore::latest(const grading::Activity& activity) const {
    const auto text = process::read_file(result_file(activity.folder_name()));
    if (!text) {
        return std::nullopt;
    }
    const auto result = grading::result_from_json(*text);
    if (!result || result->activities.size() != 1 || result->activities.front().number != activity.number) {
        return std::nullopt;
    }
    return result->activities.front();
}

process::Result<void> ProgressStore::save(const grading::Result& result) const {
    for (const grading::ActivityResult& activity : result.activities) {
        grading::Result one = result;
        one.activities = {activity};
        auto written = write(result_file(fmt::format("{:02}-{}", activity.number, activity.slug)),
                             report::render_json(one));
        if (!written) {
            return written;
        }
    }
    return {};
}

int ProgressStore::hints_shown(const grading::Activity& activity) const {
    const auto text = process::read_file(hints_file(activity));
    int count = 0;
    if (text) {
        std::from_chars(text->data(), text->data() + text->size(), count);
    }
    return count;
}

process::Result<void> ProgressStore::set_hints_shown(const grading::Activity& activity, int count) const {
    return write(hints_file(activity), fmt::format("{}\n", count));
}

void ProgressStore::forget(const grading::Activity& activity) const {
    std::error_code ignored;
    std::filesystem::remove(result_file(activity.folder_name()), ignored);
    std::filesystem::remove(hints_file(activity), ignored);
}

}  // namespace vmlab::cli
