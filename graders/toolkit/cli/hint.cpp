#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/progress_store.hpp"
#include "cli/terminal.hpp"
#include "vmlab/report/printable.hpp"

namespace vmlab::cli {

int show_hint(const Place& place, int number) {
    const auto activities = choose(place, {number});
    if (!activities) {
        return complain(activities.error());
    }
    const grading::Activity& activity = activities->front();
    const ProgressStore store(place.state);
    const int total = static_cast<int>(activity.hints.size());
    if (total == 0) {
        return complain({process::ErrorKind::failed, fmt::format("activity {} has no hints", number),
                         fmt::format("read activities/{}/README.md", activity.folder_name())});
    }
    // After the last hint the first comes again.
    const int shown = std::clamp(store.hints_shown(activity), 0, total) % total;
    const grading::Hint& hint = activity.hints[static_cast<std::size_t>(shown)];
    const report::TextStyle style = style_for(STDOUT_FILENO);
    std::string text = painted(
        style, fmt::format("Hint {} of {} for {:02} {}", shown + 1, total, number, activity.title), "1");
    text += hint.file.empty() ? "\n\n" : fmt::format(" ({})\n\n", hint.file);
    for (const std::string& line :
         report::wrapped(report::reflowed(hint.text), static_cast<std::size_t>(style.width) - 4)) {
        text += fmt::format("  {}\n", line);
    }
    text += shown + 1 < total
                ? fmt::format("\nStill stuck? scripts/lab hint {} again gives the next one.\n", number)
                : fmt::format("\nThat was the last one. scripts/lab hint {} starts again.\n", number);
    if (const auto printed = print(text); !printed) {
        return complain(printed.error());
    }
    if (const auto saved = store.set_hints_shown(activity, shown + 1); !saved) {
        return complain(saved.error());
    }
    return 0;
}

}  // namespace vmlab::cli
