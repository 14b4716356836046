#include <fmt/format.h>
#include <unistd.h>

#include <string>

#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "vmlab/grading/chapter.hpp"
#include "vmlab/report/printable.hpp"

namespace vmlab::cli {

int show_list(const Place& place) {
    const auto chapters = grading::load_chapters(place.activities());
    if (!chapters) {
        return complain(chapters.error());
    }
    const report::TextStyle style = style_for(STDOUT_FILENO);
    std::string text;
    for (const grading::Chapter& chapter : *chapters) {
        text += fmt::format("{}{}\n", text.empty() ? "" : "\n", painted(style, chapter.title, "1"));
        for (const std::string& line : report::wrapped(chapter.why, static_cast<std::size_t>(style.width))) {
            text += line + "\n";
        }
        text += "\n";
        for (const grading::Activity& activity : chapter.activities) {
            text += fmt::format("{:02}  {:<16} {}\n", activity.number, activity.slug, activity.title);
            for (const grading::CheckInfo& check : activity.checks) {
                text += fmt::format("      {:>3}  {}\n", check.points, check.title);
            }
        }
    }
    return finish_with(text);
}

}  // namespace vmlab::cli
