#include "vmlab/report/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "vmlab/report/printable.hpp"

namespace vmlab::report {

namespace {

using grading::ActivityResult;
using grading::CheckResult;
using grading::OutcomeKind;

struct Look {
    const char* ascii;
    const char* unicode;
    const char* colour;  ///< ANSI: select graphic rendition
};

Look look_of(OutcomeKind outcome) {
    switch (outcome) {
        case OutcomeKind::passed:
            return {"[ok]  ", "✓", "32"};
        case OutcomeKind::failed:
            return {"[FAIL]", "✗", "31"};
        case OutcomeKind::cannot_judge:
            return {"[?]   ", "?", "33"};
        case OutcomeKind::tamper_suspected:
            return {"[!]   ", "!", "35"};
        case OutcomeKind::grader_error:
            return {"[ERR] ", "!", "35"};
    }
    return {"[?]   ", "?", "33"};
}

class Page {
  public:
    explicit Page(const TextStyle& style) : style_(style) {}

    [[nodiscard]] std::string painted(std::string_view text, const char* colour) const {
        return style_.colour ? fmt::format("\x1b[{}m{}\x1b[0m", colour, text) : std::string(text);
    }
    [[nodiscard]] std::string mark(OutcomeKind outcome) const {
        const Look look = look_of(outcome);
        return painted(style_.unicode ? look.unicode : look.ascii, look.colour);
    }
    [[nodiscard]] std::size_t mark_columns() const { return style_.unicode ? 1 : 6; }
    [[nodiscard]] const char* frame() const { return style_.unicode ? "│" : "|"; }
    [[nodiscard]] std::size_t width() const { return static_cast<std::size_t>(std::max(style_.width, 60)); }

    void line(std::string_view text = {}) {
        text_ += text;
        text_ += '\n';
    }
    /// Text at the left, `end` at the right edge.
    void line_with_end(const std::string& text, std::size_t text_columns, const std::string& end) {
        const std::size_t used = text_columns + end.size();
        line(text + std::string(used < width() ? width() - used : 1, ' ') + end);
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    const TextStyle& style_;
    std::string text_;
};

std::string points_of(const CheckResult& check) {
    if (check.outcome == OutcomeKind::cannot_judge) {
        return fmt::format("not judged ({})", check.max_score);
    }
    if (check.outcome == OutcomeKind::tamper_suspected || check.outcome == OutcomeKind::grader_error) {
        return fmt::format("no score ({})", check.max_score);
    }
    return fmt::format("{}/{}", check.score, check.max_score);
}

/// "60/100", or what could be judged.
std::string total_of(int score, int judged, int max) {
    return judged == max ? fmt::format("{}/{} points", score, max)
                         : fmt::format("{} points, graded out of {} of {}", score, judged, max);
}

void write_row(Page& page, const std::string& label, const std::string& text, bool as_rows) {
    if (text.empty()) {
        return;
    }
    constexpr std::size_t label_columns = 10;
    const std::size_t indent = 4 + label_columns;
    const std::string clean = printable(text);
    std::string name = label;
    // Rows of a trace and commands keep their lines: a cut one could not be compared or pasted.
    for (const std::string& line : wrapped(clean, as_rows ? clean.size() + 1 : page.width() - indent)) {
        page.line(fmt::format("  {} {}{}", page.painted(page.frame(), "2"),
                              page.painted(fmt::format("{:<10}", name), "1"), line));
        name.clear();
    }
}

std::string headline(const CheckResult& check) {
    std::string text = check.name;
    if (check.reason && *check.reason != grading::Reason::wrong_result) {
        text += fmt::format(" ({})", grading::name_of(*check.reason));
    } else if (check.outcome != OutcomeKind::failed) {
        text += fmt::format(" ({})", grading::name_of(check.outcome));
    }
    return text;
}

void write_card(Page& page, const CheckResult& check) {
    page.line();
    page.line(fmt::format("  {} {}", page.mark(check.outcome), page.painted(headline(check), "1")));
    if (check.outcome == OutcomeKind::cannot_judge) {
        write_row(page, "missing", check.card.observed, false);
        write_row(page, "fix", check.card.next, false);
        return;
    }
    write_row(page, "expected", check.card.expected, false);
    write_row(page, "observed", check.card.observed, false);
    write_row(page, "evidence", check.card.evidence, true);
    write_row(page, "why", check.card.why, false);
    write_row(page, "next", check.card.next, true);
}

/// `obstacle`: a card that was shown already.
void write_cards(Page& page, const ActivityResult& activity, const grading::Card* obstacle) {
    std::vector<const CheckResult*> shown;
    for (const CheckResult& check : activity.checks) {
        if (check.outcome == OutcomeKind::passed || (obstacle != nullptr && check.card == *obstacle)) {
            continue;
        }
        const auto same = std::find_if(shown.begin(), shown.end(), [&](const CheckResult* other) {
            return other->card == check.card && other->outcome == check.outcome;
        });
        if (same != shown.end()) {
            page.line(fmt::format("  {} {}: as {} above", page.mark(check.outcome), headline(check),
                                  (*same)->name));
            continue;
        }
        write_card(page, check);
        shown.push_back(&check);
    }
}

/// The title, in as many lines as it needs beside the points.
void write_check(Page& page, const CheckResult& check) {
    const std::string points = points_of(check);
    const std::size_t indent = 3 + page.mark_columns();
    std::string start = fmt::format("  {} ", page.mark(check.outcome));
    std::vector<std::string> lines =
        wrapped(printable(check.title), page.width() - indent - points.size() - 1);
    if (lines.empty()) {
        lines.emplace_back();
    }
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
        page.line(start + lines[i]);
        start = std::string(indent, ' ');
    }
    page.line_with_end(start + lines.back(), indent + columns(lines.back()), points);
}

void write_activity(Page& page, const ActivityResult& activity, const grading::Card* obstacle) {
    const std::string heading = fmt::format("{:02} {}", activity.number, printable(activity.title));
    page.line_with_end(page.painted(heading, "1"), columns(heading),
                       total_of(activity.score(), activity.judged_max_score(), activity.max_score()));
    for (const std::string& note : activity.notes) {
        std::string start = "  note: ";
        for (const std::string& line : wrapped(printable(note), page.width() - start.size())) {
            page.line(start + line);
            start = std::string(start.size(), ' ');
        }
    }
    for (const CheckResult& check : activity.checks) {
        write_check(page, check);
    }
    write_cards(page, activity, obstacle);
    page.line();
}

void write_total(Page& page, const grading::Result& result) {
    if (result.score_withheld()) {
        page.line(page.painted(
            "The score is withheld: two witnesses of a run disagree. Please ask a person to look.", "35"));
        return;
    }
    page.line("Total: " + total_of(result.score(), result.judged_max_score(), result.max_score()));
}

/// The one thing that kept every check that was not judged from it; nullptr when there is none, or when it
/// kept one alone.
const grading::Card* obstacle_of(const grading::Result& result) {
    const grading::Card* obstacle = nullptr;
    int kept = 0;
    for (const ActivityResult& activity : result.activities) {
        for (const CheckResult& check : activity.checks) {
            if (check.outcome != OutcomeKind::cannot_judge) {
                continue;
            }
            if (obstacle != nullptr && *obstacle != check.card) {
                return nullptr;
            }
            obstacle = &check.card;
            ++kept;
        }
    }
    return kept > 1 ? obstacle : nullptr;
}

/// Said once, and first: it is nothing that a student's checks could tell more about.
void write_obstacle(Page& page, const grading::Card& obstacle, const grading::Result& result) {
    const auto write = [&](const std::string& text) {
        for (const std::string& line : wrapped(printable(text), page.width())) {
            page.line(line);
        }
    };
    const bool judged_nothing = result.judged_max_score() == 0;
    write(fmt::format("This machine cannot judge {} yet. What to do: {}",
                      judged_nothing ? "anything" : "everything", obstacle.next));
    write("The reason: " + obstacle.observed);
    page.line();
    if (judged_nothing) {
        page.line(fmt::format("Total: none of {} points were judged. That is no fault of your program's.",
                              result.max_score()));
    }
}

}  // namespace

std::string render_text(const grading::Result& result, const TextStyle& style) {
    Page page(style);
    const grading::Card* const obstacle = obstacle_of(result);
    if (obstacle != nullptr) {
        write_obstacle(page, *obstacle, result);
        if (result.judged_max_score() == 0) {
            return page.take();
        }
    }
    for (const ActivityResult& activity : result.activities) {
        write_activity(page, activity, obstacle);
    }
    if (result.environment.isolation == "none") {
        page.line("Isolation: none. The programs ran with your own rights: for your own work only.");
    }
    write_total(page, result);
    return page.take();
}

}  // namespace vmlab::report
