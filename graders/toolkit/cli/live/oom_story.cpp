#include "cli/live/oom_story.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cli/live/bytes.hpp"
#include "cli/terminal.hpp"
#include "vmlab/report/printable.hpp"

namespace vmlab::cli {

namespace {

using evidence::OomCandidate;
using evidence::OomReport;

// What a guest that somebody took over may write without end, nobody reads to its end.
constexpr std::size_t most_reports = 8;
constexpr std::size_t most_candidates = 16;

std::string in_bytes(std::int64_t pages) {
    const std::string text =
        readable_bytes(static_cast<std::uint64_t>(pages < 0 ? -pages : pages) * evidence::page_bytes);
    return pages < 0 ? "-" + text : text;
}

/// The story of one report.
class Story {
  public:
    /// `dead`: those who were killed before.
    Story(const OomReport& report, const std::vector<pid_t>& ours, const std::vector<pid_t>& dead,
          const report::TextStyle& style)
        : report_(report), ours_(ours), dead_(dead), style_(style), candidates_(report.candidates) {
        std::ranges::stable_sort(candidates_, [this](const OomCandidate& one, const OomCandidate& other) {
            return rank(one) > rank(other);
        });
        if (candidates_.size() > most_candidates) {
            left_out_ = candidates_.size() - most_candidates;
            candidates_.resize(most_candidates);
        }
    }

    std::string tell() {
        paragraph(opening());
        if (candidates_.empty()) {
            paragraph(
                "Its table of tasks is missing: the kernel leaves most of a report out when one follows "
                "another too fast.");
            return text_;
        }
        table();
        for (const OomCandidate& candidate : candidates_) {
            sentence(candidate);
        }
        if (left_out_ > 0) {
            paragraph(fmt::format("(And {} more, all of them lower.)", left_out_));
        }
        return text_;
    }

  private:
    /// Those that are never chosen come last.
    [[nodiscard]] std::pair<bool, std::int64_t> rank(const OomCandidate& candidate) const {
        const auto badness = weight_of(candidate);
        return {badness.has_value(), badness.value_or(0)};
    }

    /// The dead are in the table for as long as they are not gone, but the kernel passes them by.
    [[nodiscard]] std::optional<std::int64_t> weight_of(const OomCandidate& candidate) const {
        return is_dead(candidate.pid) ? std::nullopt : evidence::badness_pages(report_, candidate);
    }

    [[nodiscard]] bool is_dead(pid_t pid) const { return std::ranges::find(dead_, pid) != dead_.end(); }

    [[nodiscard]] bool is_ours(pid_t pid) const { return std::ranges::find(ours_, pid) != ours_.end(); }

    [[nodiscard]] bool was_killed(pid_t pid) const {
        return std::ranges::find(report_.kills, pid, &evidence::OomKill::pid) != report_.kills.end();
    }

    [[nodiscard]] std::string who(pid_t pid, const std::string& name) const {
        return fmt::format("{} ({})", report::printable(name), pid);
    }

    [[nodiscard]] std::string opening() const {
        std::string text = "Memory had run out";
        if (report_.manual) {
            text = "SysRq f was pressed: the kernel had to choose although memory had not run out";
        } else if (report_.scope == evidence::OomScope::cgroup) {
            text = "The cgroup's memory had run out";
        }
        if (report_.memory_pages) {
            text += fmt::format(" ({} of it, {} pages)",
                                readable_bytes(*report_.memory_pages * evidence::page_bytes),
                                *report_.memory_pages);
        }
        if (report_.kills.empty()) {
            return text + ". The log does not say who was killed.";
        }
        const evidence::OomKill& kill = report_.kills.front();
        text += fmt::format(", and the kernel killed {}", who(kill.pid, kill.name));
        if (!is_ours(kill.pid)) {
            text += ", which is not the program under watch";
        }
        if (report_.kills.size() > 1) {
            text += fmt::format(" and {} more of its cgroup (memory.oom.group)", report_.kills.size() - 1);
        }
        return text + ".";
    }

    void table() {
        std::size_t name_width = 7;
        for (const OomCandidate& candidate : candidates_) {
            name_width = std::max(name_width, report::columns(report::printable(candidate.name)));
        }
        line(fmt::format("      pid  program{:{}}  resident  swapped  tables    adj  adj adds  badness", "",
                         name_width - 7));
        for (const OomCandidate& candidate : candidates_) {
            const auto adjustment = evidence::adjustment_pages(report_, candidate);
            const auto badness = weight_of(candidate);
            const std::string name = report::printable(candidate.name);
            const bool killed = was_killed(candidate.pid);
            const std::string mark = killed ? (style_.unicode ? "✗" : "x") : " ";
            const std::string row = fmt::format(
                "  {} {:>5}  {}{:{}}  {:>8}  {:>7}  {:>6}  {:>5}  {:>8}  {:>7}", mark, candidate.pid, name,
                "", name_width - report::columns(name), candidate.resident_pages, candidate.swapped_pages,
                candidate.page_table_bytes / evidence::page_bytes, candidate.oom_score_adj,
                badness && adjustment ? std::to_string(*adjustment) : "-",
                badness ? std::to_string(*badness) : (is_dead(candidate.pid) ? "dead" : "never"));
            line(killed ? painted(style_, row, "31") : row);
        }
        line("  (in pages of 4 KiB; badness = resident + swapped + page tables + what oom_score_adj adds)");
    }

    void sentence(const OomCandidate& candidate) {
        const auto badness = weight_of(candidate);
        std::string text = who(candidate.pid, candidate.name);
        text += is_ours(candidate.pid) ? ", your program, " : " ";
        if (is_dead(candidate.pid)) {
            text += "had been killed before and was not gone yet: the kernel passes it by.";
        } else if (!badness) {
            text += candidate.oom_score_adj == -1000
                        ? "is never chosen: its oom_score_adj is -1000, however much it holds."
                        : "cannot be weighed: the report does not say how much memory there is.";
        } else if (was_killed(candidate.pid)) {
            text += is_highest(*badness)
                        ? fmt::format("was killed: its badness of {} is the highest", in_bytes(*badness))
                        : fmt::format("was killed at a badness of {}", in_bytes(*badness));
            text += why_so_much(candidate) + ".";
        } else {
            text += fmt::format("was spared: its badness is {}", in_bytes(*badness)) +
                    why_so_much(candidate) + ".";
        }
        paragraph(text, "  ");
    }

    /// What oom_score_adj has to do with it.
    [[nodiscard]] std::string why_so_much(const OomCandidate& candidate) const {
        const std::int64_t adjustment = evidence::adjustment_pages(report_, candidate).value_or(0);
        if (adjustment == 0) {
            return {};
        }
        return fmt::format(", of which oom_score_adj {:+} {} {}", candidate.oom_score_adj,
                           adjustment > 0 ? "adds" : "takes", in_bytes(std::abs(adjustment)));
    }

    [[nodiscard]] bool is_highest(std::int64_t badness) const {
        return std::ranges::none_of(candidates_, [this, badness](const OomCandidate& other) {
            return weight_of(other).value_or(badness) > badness;
        });
    }

    void line(const std::string& text) { text_ += text + "\n"; }

    void paragraph(const std::string& text, const std::string& indent = "") {
        for (const std::string& row :
             report::wrapped(text, static_cast<std::size_t>(style_.width) - indent.size())) {
            line(indent + row);
        }
    }

    const OomReport& report_;
    const std::vector<pid_t>& ours_;
    const std::vector<pid_t>& dead_;
    const report::TextStyle& style_;
    std::vector<OomCandidate> candidates_;
    std::size_t left_out_ = 0;
    std::string text_;
};

}  // namespace

std::string oom_story(const std::vector<OomReport>& reports, const std::vector<pid_t>& ours,
                      const report::TextStyle& style) {
    std::string text;
    std::vector<pid_t> dead;
    for (std::size_t i = 0; i < reports.size(); ++i) {
        if (i == most_reports) {
            text += fmt::format("\n(And {} more reports.)\n", reports.size() - most_reports);
            break;
        }
        text += "\n" + Story(reports[i], ours, dead, style).tell();
        for (const evidence::OomKill& kill : reports[i].kills) {
            dead.push_back(kill.pid);
        }
    }
    return text;
}

}  // namespace vmlab::cli
