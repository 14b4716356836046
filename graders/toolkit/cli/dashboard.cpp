#include <fmt/format.h>

#include <unistd.h>
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/progress_store.hpp"
#include "cli/terminal.hpp"
#include "vmlab/grading/chapter.hpp"
#include "vmlab/report/printable.hpp"

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

struct Step {
    std::string what;
    std::vector<std::string> commands;
};

/// The first thing worth doing: the first activity that is not finished, and its first check that has not
/// passed.
Step next_step(const ProgressStore& store, const std::vector<const grading::Activity*>& activities) {
    for (const grading::Activity* each : activities) {
        const grading::Activity& activity = *each;
        const auto latest = store.latest(activity);
        const int number = activity.number;
        if (!latest) {
            return {fmt::format("read activities/{}/README.md, work on {}, then", activity.folder_name(),
                                activity.submit.front()),
                    {fmt::format("scripts/lab grade {}", number)}};
        }
        if (is_done(latest)) {
            continue;
        }
        for (const grading::CheckResult& check : latest->checks) {
            if (check.outcome == grading::OutcomeKind::failed) {
                return {fmt::format("activity {}: \"{}\"", number, check.title),
                        {fmt::format("scripts/lab hint {}    gives a hint", number),
                         fmt::format("scripts/lab grade {}   shows what was seen", number)}};
            }
        }
        return {fmt::format("activity {} could not be judged in full on this machine", number),
                {"scripts/lab doctor   says what is missing"}};
    }
    return {"every activity has full points. Well done.", {}};
}

std::string describe(const Step& step, const report::TextStyle& style) {
    std::string text;
    std::string start = fmt::format("  {}  ", painted(style, "Next:", "1"));
    std::vector<std::string> lines = report::wrapped(step.what, static_cast<std::size_t>(style.width) - 9);
    lines.insert(lines.end(), step.commands.begin(), step.commands.end());
    for (const std::string& line : lines) {
        text += start + line + '\n';
        start = std::string(9, ' ');
    }
    return text;
}

/// An activity's line; its points are added to the score.
std::string row_of(const grading::Activity& activity, const ProgressStore& store,
                   const report::TextStyle& style, int& score) {
    const auto latest = store.latest(activity);
    const int points = latest ? latest->score() : 0;
    score += points;
    const std::string done = bar(points, activity.max_score(), style.unicode);
    return fmt::format(
        "  {:02}  {}  {}  {}\n", activity.number, painted(style, done, is_done(latest) ? "32" : "36"),
        latest ? fmt::format("{:>3}/{:<3}", points, activity.max_score()) : std::string("      -"),
        activity.title);
}

}  // namespace

int show_dashboard(const Place& place) {
    const auto chapters = grading::load_chapters(place.activities());
    if (!chapters) {
        return complain(chapters.error());
    }
    const report::TextStyle style = style_for(STDOUT_FILENO);
    const ProgressStore store(place.state);
    std::string text = painted(style, "vmlab", "1") + "  a hands-on virtual-memory lab\n\n";
    int score = 0;
    int max_score = 0;
    std::vector<const grading::Activity*> activities;
    for (const grading::Chapter& chapter : *chapters) {
        text += fmt::format("{}  {}\n", activities.empty() ? "" : "\n", painted(style, chapter.title, "1"));
        for (const grading::Activity& activity : chapter.activities) {
            activities.push_back(&activity);
            text += row_of(activity, store, style, score);
            max_score += activity.max_score();
        }
    }
    text += fmt::format("\n  {} of {} points at the latest grading\n\n", score, max_score);
    text += describe(next_step(store, activities), style);
    text +=
        "\n"
        "  scripts/lab grade [N]   build, observe, check\n"
        "  scripts/lab run N       watch your program live\n"
        "  scripts/lab hint N      the next hint\n"
        "  scripts/lab reset N     back to the starter; your file is kept\n"
        "  scripts/lab list        every check\n"
        "  scripts/lab doctor      what this machine can do\n";
    return finish_with(text);
}

}  // namespace vmlab::cli
