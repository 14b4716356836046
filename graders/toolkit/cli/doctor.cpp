#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "cli/commands.hpp"
#include "cli/examination.hpp"
#include "cli/terminal.hpp"
#include "vmlab/process/temporary_folder.hpp"
#include "vmlab/report/printable.hpp"

namespace vmlab::cli {

namespace {

constexpr std::size_t name_columns = 24;
constexpr std::size_t indent = 2 + 4 + 1 + name_columns + 1;

/// A text beside the name of what was found, or below it where the screen is narrow.
void write_beside(std::string& page, const std::string& text, std::size_t width) {
    const bool is_narrow = width < indent + 36;
    const std::size_t at = is_narrow ? 7 : indent;
    bool is_first = !is_narrow;
    page += is_narrow ? "\n" : "";
    for (const std::string& line : report::wrapped(report::printable(text), width - at)) {
        page += is_first ? line : std::string(at, ' ') + line;
        page += '\n';
        is_first = false;
    }
}

std::string mark_of(FindingState state, const report::TextStyle& style) {
    switch (state) {
        case FindingState::works:
            return painted(style, "ok  ", "32");
        case FindingState::not_needed:
            return "-   ";
        case FindingState::missing:
            break;
    }
    return painted(style, "none", "33");
}

std::string describe(const Finding& finding, const report::TextStyle& style) {
    const auto width = static_cast<std::size_t>(std::max(style.width, 40));
    std::string page = fmt::format("  {} {:<{}} ", mark_of(finding.state, style), finding.what, name_columns);
    const bool is_extra = finding.state == FindingState::not_needed;
    write_beside(page, is_extra ? "not needed here: " + finding.found : finding.found, width);
    const auto add = [&](const std::string& label, const std::string& text) {
        if (!text.empty()) {
            page += std::string(width < indent + 36 ? 0 : indent, ' ');
            write_beside(page, label + text, width);
        }
    };
    if (finding.state == FindingState::missing) {
        add("without it: ", finding.without);
        add("fix: ", finding.fix);
    } else if (is_extra && finding.what.starts_with("commands")) {
        add("to have them: ", finding.fix);
    }
    return page;
}

/// The last word: what cannot be judged here, by name.
std::string conclusion(const Examination& made) {
    if (made.judges_everything()) {
        return "Every check can be judged here.";
    }
    std::string names;
    for (const Finding& finding : made.findings) {
        if (finding.state == FindingState::missing) {
            names += (names.empty() ? "" : ", ") + finding.what;
        }
    }
    return fmt::format(
        "Some checks cannot be judged here (missing: {}). They say so, and count neither for nor against "
        "anybody.",
        names);
}

}  // namespace

int doctor_command(const Place& place, bool strict) {
    ::umask(022);  // what is built here is read by a sandbox that may be another user; nothing here is kept
    const auto folder = process::TemporaryFolder::create();
    if (!folder) {
        return complain(folder.error());
    }
    const report::TextStyle style = style_for(STDOUT_FILENO);
    const Examination made = examine(place, folder->path());
    std::string text = "What this machine can do for vmlab, each found out by doing it:\n\n";
    for (const Finding& finding : made.findings) {
        text += describe(finding, style);
    }
    text += '\n';
    for (const std::string& line :
         report::wrapped(conclusion(made), static_cast<std::size_t>(std::max(style.width, 40)))) {
        text += line + '\n';
    }
    return finish_with(text, strict && !made.judges_everything() ? 3 : 0);
}

}  // namespace vmlab::cli
