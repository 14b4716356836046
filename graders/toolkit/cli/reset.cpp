#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "cli/commands.hpp"
#include "cli/progress_store.hpp"
#include "cli/terminal.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::cli {

namespace {

/// FILE.backup-1, FILE.backup-2, ...: the first that is free.
std::filesystem::path backup_name(const std::filesystem::path& file) {
    std::error_code error;
    for (int i = 1;; ++i) {
        std::filesystem::path name = fmt::format("{}.backup-{}", file.string(), i);
        if (!std::filesystem::exists(std::filesystem::symlink_status(name, error))) {
            return name;
        }
    }
}

process::Result<void> restore(const std::filesystem::path& file, const std::string& original) {
    auto written = process::write_file_atomically(file, original);
    if (written) {
        process::give_to_owner_of_folder(file);
    }
    return written;
}

process::Result<std::string> reset_file(const std::filesystem::path& starter,
                                        const std::filesystem::path& file) {
    const auto original = process::read_file(starter);
    if (!original) {
        return tl::unexpected(original.error());
    }
    const std::string name = file.filename().string();
    std::error_code error;
    if (std::filesystem::exists(std::filesystem::symlink_status(file, error))) {
        const auto present = process::read_file(file);
        if (present && *present == *original) {
            return fmt::format("{} is as it was shipped already\n", name);
        }
        const std::filesystem::path backup = backup_name(file);
        std::filesystem::rename(file, backup, error);
        if (error) {
            return process::failed(fmt::format("back up {}: {}", file.string(), error.message()));
        }
        process::give_to_owner_of_folder(backup);
        if (const auto written = restore(file, *original); !written) {
            return tl::unexpected(written.error());
        }
        return fmt::format("{} is the starter again; your own is kept as {}\n", name,
                           backup.filename().string());
    }
    if (const auto written = restore(file, *original); !written) {
        return tl::unexpected(written.error());
    }
    return fmt::format("{} was missing; it is the starter again\n", name);
}

}  // namespace

int reset_command(const Place& place, const ResetRequest& request) {
    const auto activities = choose(place, {request.number});
    if (!activities) {
        return complain(activities.error());
    }
    const grading::Activity& activity = activities->front();
    for (const std::string& name : request.files) {
        if (std::find(activity.submit.begin(), activity.submit.end(), name) == activity.submit.end()) {
            return complain({process::ErrorKind::failed,
                             fmt::format("activity {} has no file {}", activity.number, name),
                             fmt::format("its files: {}", fmt::join(activity.submit, ", "))});
        }
    }
    for (const std::string& name : request.files.empty() ? activity.submit : request.files) {
        const auto done = reset_file(place.starter(activity) / name, activity.folder / name);
        if (!done) {
            return complain(done.error());
        }
        if (const auto printed = print(*done); !printed) {
            return complain(printed.error());
        }
    }
    if (request.files.empty()) {
        ProgressStore(place.state).forget(activity);
    }
    return 0;
}

}  // namespace vmlab::cli
