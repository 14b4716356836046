#include <fmt/format.h>

#include <unistd.h>
#include <algorithm>
#include <optional>
#include <string>

#include "cli/commands.hpp"
#include "cli/progress_store.hpp"
#include "cli/terminal.hpp"

namespace vmlab::cli {

namespace {

std::string bar(int score, int max, bool unicode) {
    constexpr int cells = 20;
    const int filled = max == 0 ? 0 : score * cells / max;
    std::string text;
    for (int i = 0; i < cells; ++i) {
        text += i < filled ? (unicode ? "█" : "#") : (unicode ? "░" : ".");
    }
    return text;
}

bool is_done(const std::optional<grading::ActivityResult>& result) {
    return result && result->score() == result->max_score();
}

/// The first thing worth doing: the first activity that is not finished, and its first check that has not
/// passed.
std::string next_step(const ProgressStore& store, const std::vector<grading::Activity>& activities) {
    for (const grading::Activity& activity : activities) {
        const auto latest = store.latest(activity);
        if (!latest) {
            return fmt::format("read activities/{}/README.md, work on {}, then: scripts/lab grade {}",
                               activity.folder_name(), activity.submit.front(), activity.number);
        }
        if (is_done(latest)) {
            continue;
        }
        for (const grading::CheckResult& check : latest->checks) {
            if (check.outcome == grading::OutcomeKind::failed) {
                return fmt::format(
                    "activity {}: \"{}\"\n           scripts/lab hint {}  gives a hint, scripts/lab grade {} "
                    " "
                    "shows what was seen",
                    activity.number, check.title, activity.number, activity.number);
            }
        }
        return fmt::format("activity {} could not be judged in full on this machine: scripts/lab doctor",
                           activity.number);
    }
    return "every activity has full points. Well done.";
}

}  // namespace

int show_dashboard(const Place& place) {
    const auto activities = grading::load_activities(place.activities());
    if (!activities) {
        return complain(activities.error());
    }
    const report::TextStyle style = style_for(STDOUT_FILENO);
    const ProgressStore store(place.state);
    std::string text = painted(style, "vmlab", "1") + "  a hands-on virtual-memory lab\n\n";
    int score = 0;
    int max_score = 0;
    for (const grading::Activity& activity : *activities) {
        const auto latest = store.latest(activity);
        const int points = latest ? latest->score() : 0;
        score += points;
        max_score += activity.max_score();
        const std::string done = bar(points, activity.max_score(), style.unicode);
        text += fmt::format(
            "  {:02}  {}  {}  {}\n", activity.number, painted(style, done, is_done(latest) ? "32" : "36"),
            latest ? fmt::format("{:>3}/{:<3}", points, activity.max_score()) : std::string("      -"),
            activity.title);
    }
    text += fmt::format("\n  {} of {} points at the latest grading\n\n", score, max_score);
    text += fmt::format("  {}  {}\n\n", painted(style, "Next:", "1"), next_step(store, *activities));
    text +=
        "  scripts/lab grade [N]   build, observe, check      scripts/lab hint N    the next hint\n"
        "  scripts/lab run N       watch your program live    scripts/lab reset N   back to the starter\n"
        "  scripts/lab list        every check                scripts/lab doctor    what this machine can "
        "do\n";
    return finish_with(text);
}

}  // namespace vmlab::cli
