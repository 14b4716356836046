#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/terminal.hpp"

namespace vmlab::cli {

int show_list(const Place& place) {
    const auto activities = grading::load_activities(place.activities());
    if (!activities) {
        return complain(activities.error());
    }
    std::string text;
    for (const grading::Activity& activity : *activities) {
        text += fmt::format("{:02}  {:<16} {}\n", activity.number, activity.slug, activity.title);
        for (const grading::CheckInfo& check : activity.checks) {
            text += fmt::format("      {:>3}  {}\n", check.points, check.title);
        }
    }
    return finish_with(text);
}

}  // namespace vmlab::cli
