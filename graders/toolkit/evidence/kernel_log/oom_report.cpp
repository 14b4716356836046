#include "vmlab/evidence/oom_report.hpp"

#include <algorithm>

#include "evidence/kernel_log/log_row.hpp"
#include "evidence/text.hpp"

namespace vmlab::evidence {
namespace {

constexpr std::string_view invoked = " invoked oom-killer: ";
constexpr int never_chosen = -1000;  // OOM_SCORE_ADJ_MIN

/// Takes a number and the blanks before it.
template <class Number>
std::optional<Number> next_number(std::string_view& text) {
    skip_blanks(text);
    return take_number<Number>(text);
}

/// "32638 pages RAM"
std::optional<std::uint64_t> pages(std::string_view text, std::string_view of_what) {
    const auto number = take_number<std::uint64_t>(text);
    return number && take(text, " pages ") && text == of_what ? number : std::nullopt;
}

/// "NAME invoked oom-killer: gfp_mask=...": the name. It may hold blanks; a row of syslogd has a ": " before
/// it.
std::optional<std::string_view> invoker(std::string_view text) {
    constexpr std::size_t longest = 60;  // 15 characters, of which each may be written as \x0a
    const std::size_t at = text.find(invoked);
    if (at == std::string_view::npos || at > longest) {
        return std::nullopt;
    }
    return text.substr(0, at);
}

bool begins_as_row_of_report(std::string_view text) {
    for (const std::string_view begin :
         {"[", "Out of memory", "Memory cgroup out of memory", "Killed process ", "memory: usage ",
          "Total swap = ", "Tasks state", "Tasks in "}) {
        if (text.starts_with(begin)) {
            return true;
        }
    }
    if (const auto name = invoker(text)) {
        return name->find(": ") == std::string_view::npos;
    }
    return pages(text, "RAM") || pages(text, "reserved");
}

/// The columns of the table differ from kernel to kernel; its head names them.
std::optional<std::vector<std::string_view>> read_head(std::string_view text) {
    if (!take(text, "[")) {
        return std::nullopt;
    }
    skip_blanks(text);
    if (!take(text, "pid")) {
        return std::nullopt;
    }
    skip_blanks(text);
    if (!take(text, "]")) {
        return std::nullopt;
    }
    std::vector<std::string_view> columns;
    for (skip_blanks(text); !text.empty(); skip_blanks(text)) {
        columns.push_back(text.substr(0, text.find(' ')));
        text.remove_prefix(columns.back().size());
    }
    if (columns.empty() || columns.back() != "name") {
        return std::nullopt;
    }
    columns.pop_back();
    return columns;
}

void set(OomCandidate& candidate, std::string_view column, std::int64_t value) {
    const auto amount = static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
    if (column == "total_vm") {
        candidate.virtual_pages = amount;
    } else if (column == "rss") {
        candidate.resident_pages = amount;
    } else if (column == "swapents") {
        candidate.swapped_pages = amount;
    } else if (column == "pgtables_bytes") {
        candidate.page_table_bytes = amount;
    } else if (column == "oom_score_adj") {
        candidate.oom_score_adj =
            static_cast<int>(std::clamp<std::int64_t>(value, never_chosen, -never_chosen));
    }
}

/// "[     90]     0    90    16807    16300   172032        0             0 hog"
std::optional<OomCandidate> read_row(std::string_view text, const std::vector<std::string_view>& columns) {
    if (!take(text, "[")) {
        return std::nullopt;
    }
    OomCandidate candidate;
    const auto pid = next_number<pid_t>(text);
    if (!pid || !take(text, "]")) {
        return std::nullopt;
    }
    candidate.pid = *pid;
    for (const std::string_view column : columns) {
        const auto value = next_number<std::int64_t>(text);
        if (!value) {
            return std::nullopt;
        }
        set(candidate, column, *value);
    }
    if (!take(text, " ")) {
        return std::nullopt;
    }
    candidate.name = text;
    return candidate;
}

/// Reads the rows of a log one after the other.
class Reader {
  public:
    void row(std::string_view row, std::string_view text) {
        if (const auto name = invoker(text)) {
            begin();
            report_->invoked_by = *name;
            report_->manual = text.find("order=-1") != std::string_view::npos;
            return;
        }
        read_memory(text);
        if (auto head = read_head(text)) {
            keep(std::move(*head));
            return;
        }
        if (report_ != nullptr && !columns_.empty()) {
            if (auto candidate = read_row(text, columns_)) {
                report_->candidates.push_back(std::move(*candidate));
                return;
            }
        }
        if (text.starts_with("Tasks in ")) {  // "... are going to be killed due to memory.oom.group set"
            together_ = true;
            return;
        }
        read_kill(row, text);
    }

    std::vector<OomReport> take_reports() { return std::move(reports_); }

  private:
    void begin() {
        report_ = &reports_.emplace_back();
        columns_.clear();
        ram_.reset();
        killed_ = false;
        together_ = false;
    }

    void keep(std::vector<std::string_view> columns) {
        if (report_ == nullptr || killed_) {
            begin();
        }
        columns_ = std::move(columns);
    }

    void read_kill(std::string_view row, std::string_view text) {
        const bool of_group = text.starts_with("Memory cgroup out of memory");
        const bool announced = text.find("Kill process ") != std::string_view::npos;  // until 5.0
        std::vector<OomKill> kills = parse_oom_kills(row);
        if (kills.empty() && !announced) {
            return;
        }
        if (report_ == nullptr || (killed_ && !together_)) {
            begin();  // the kernel left out the rest of this report
        }
        if (of_group || text.starts_with("Out of memory")) {
            report_->scope = of_group ? OomScope::cgroup : OomScope::machine;
        }
        for (OomKill& kill : kills) {
            killed_ = true;
            kill.scope = report_->scope;
            // The chosen one is named a second time when all of its cgroup die.
            if (std::ranges::find(report_->kills, kill.pid, &OomKill::pid) == report_->kills.end()) {
                report_->kills.push_back(std::move(kill));
            }
        }
    }

    void read_memory(std::string_view text) {
        if (report_ == nullptr) {
            return;
        }
        if (const auto ram = pages(text, "RAM")) {
            ram_ = ram;
        } else if (const auto reserved = pages(text, "reserved"); reserved && ram_ && *reserved < *ram_) {
            report_->memory_pages = *ram_ - *reserved;
        } else if (take(text, "memory: usage ")) {
            const std::size_t limit = text.find("limit ");
            if (limit == std::string_view::npos) {
                return;
            }
            text.remove_prefix(limit + 6);
            if (const auto kb = take_number<std::uint64_t>(text); kb && take(text, "kB")) {
                report_->memory_pages = *kb * 1024 / page_bytes;
                report_->scope = OomScope::cgroup;
            }
        } else if (take(text, "Total swap = ")) {
            if (const auto kb = take_number<std::uint64_t>(text)) {
                report_->swap_pages = *kb * 1024 / page_bytes;
            }
        }
    }

    std::vector<OomReport> reports_;
    OomReport* report_ = nullptr;  ///< the last of reports_: set anew whenever one is added
    std::vector<std::string_view> columns_;
    std::optional<std::uint64_t> ram_;
    bool killed_ = false;
    bool together_ = false;  ///< several are killed for this report
};

}  // namespace

std::vector<OomReport> parse_oom_reports(std::string_view log) {
    Reader reader;
    while (const auto line = next_line(log)) {
        std::string_view row = *line;
        if (row.ends_with('\r')) {
            row.remove_suffix(1);
        }
        if (const auto text = kernel_text(row, begins_as_row_of_report)) {
            reader.row(row, *text);
        }
    }
    return reader.take_reports();
}

std::optional<std::int64_t> adjustment_pages(const OomReport& report, const OomCandidate& candidate) {
    if (candidate.oom_score_adj == 0) {
        return 0;
    }
    if (!report.memory_pages) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>((*report.memory_pages + report.swap_pages) / 1000) *
           candidate.oom_score_adj;
}

std::optional<std::int64_t> badness_pages(const OomReport& report, const OomCandidate& candidate) {
    const auto adjustment = adjustment_pages(report, candidate);
    if (!adjustment || candidate.oom_score_adj == never_chosen) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(candidate.resident_pages + candidate.swapped_pages +
                                     candidate.page_table_bytes / page_bytes) +
           *adjustment;
}

}  // namespace vmlab::evidence
