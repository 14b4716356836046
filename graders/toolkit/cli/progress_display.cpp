#include "cli/progress_display.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "cli/terminal.hpp"

namespace vmlab::cli {

ProgressDisplay::ProgressDisplay(const std::vector<grading::Activity>& activities)
    : terminal_(can_redraw(STDERR_FILENO)) {
    for (const grading::Activity& activity : activities) {
        counts_[activity.number] = {0, activity.checks.size()};
    }
    draw();
}

ProgressDisplay::~ProgressDisplay() {
    if (terminal_) {
        show(stderr, "\r\x1b[K");
    }
}

void ProgressDisplay::check_finished(const grading::Activity& activity) {
    Count& count = counts_[activity.number];
    ++count.done;
    if (terminal_) {
        draw();
    } else if (count.done == count.of) {
        show(stderr, fmt::format("graded {:02} {}\n", activity.number, activity.title));
    }
}

void ProgressDisplay::draw() {
    if (!terminal_) {
        return;
    }
    std::string line = "Grading";
    for (const auto& [number, count] : counts_) {
        line += fmt::format("  {:02} {}/{}", number, count.done, count.of);
    }
    show(stderr, "\r\x1b[K" + line);
}

}  // namespace vmlab::cli
