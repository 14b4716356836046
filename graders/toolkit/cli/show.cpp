#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::cli {

int show_command(const Place& place, const ShowRequest& request) {
    const auto activities = choose(place, {request.number});
    if (!activities) {
        return complain(activities.error());
    }
    const grading::Activity& activity = activities->front();
    const std::string file = request.file.empty() ? activity.submit.front() : request.file;
    if (std::find(activity.submit.begin(), activity.submit.end(), file) == activity.submit.end()) {
        return complain({process::ErrorKind::failed,
                         fmt::format("activity {} has no file {}", activity.number, file),
                         fmt::format("its files: {}", fmt::join(activity.submit, ", "))});
    }
    const auto text = process::read_file(place.starter(activity) / file);
    return text ? finish_with(*text) : complain(text.error());
}

}  // namespace vmlab::cli
