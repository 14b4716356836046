#include "cli/live/live_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "cli/live/bytes.hpp"
#include "cli/terminal.hpp"
#include "vmlab/report/printable.hpp"

namespace vmlab::cli {

namespace {

constexpr std::size_t longest_line = 4096;

}  // namespace

std::string sparkline(const std::vector<std::uint64_t>& values, std::uint64_t top, std::size_t columns,
                      bool unicode) {
    static constexpr std::array<const char*, 8> blocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static constexpr std::array<const char*, 8> letters = {"_", ".", ":", "-", "=", "+", "*", "#"};
    const auto& marks = unicode ? blocks : letters;
    std::string text;
    const std::size_t first = values.size() > columns ? values.size() - columns : 0;
    for (std::size_t i = first; i < values.size(); ++i) {
        const std::uint64_t level = top == 0 ? 0 : values[i] * marks.size() / top;
        text += marks[std::min<std::uint64_t>(level, marks.size() - 1)];
    }
    return text;
}

LiveView::LiveView(const report::TextStyle& style, bool terminal, std::uint64_t arena_bytes,
                   std::size_t programs, std::FILE* stream)
    : style_(style),
      terminal_(terminal),
      arena_bytes_(arena_bytes),
      stream_(stream),
      programs_(std::max<std::size_t>(programs, 1)) {}

LiveView::~LiveView() {
    finish();
}

void LiveView::output(std::size_t program, std::string_view piece) {
    const std::lock_guard lock(mutex_);
    clear_status();
    if (programs_.size() == 1) {
        const std::string text = report::printable(piece);
        show(stream_, text);
        line_open_ = !text.empty() && text.back() != '\n';
    } else {
        std::string& line = programs_.at(program).line;
        for (const char c : piece) {
            line += c;
            if (c == '\n' || line.size() >= longest_line) {
                show(stream_,
                     fmt::format("{} | {}{}", program + 1, report::printable(line), c == '\n' ? "" : "\n"));
                line.clear();
            }
        }
    }
    draw_status();
}

void LiveView::sample(std::size_t program, const evidence::ProcessSample& sample) {
    const std::lock_guard lock(mutex_);
    // The first sample is taken before the program is executed: it shows the launcher. A process that is gone
    // has no memory to show.
    Program& seen = programs_.at(program);
    if (!std::exchange(seen.seen, true) || sample.virtual_bytes == 0) {
        return;
    }
    seen.latest = sample;
    seen.resident.push_back(sample.resident_bytes);
    if (terminal_) {
        clear_status();
        draw_status();
    } else if (sample.at.count() >= logged_at_ + 1) {
        logged_at_ = sample.at.count();
        end_line();
        show(stream_, status() + "\n");
    }
}

void LiveView::kernel_log(std::string_view records) {
    const std::lock_guard lock(mutex_);
    const std::vector<std::string> rows = kernel_rows_.add(records);
    if (rows.empty()) {
        return;
    }
    clear_status();
    end_line();
    constexpr std::size_t margin = 9;
    for (const std::string& row : rows) {
        for (const std::string& part :
             report::wrapped(report::printable(row), static_cast<std::size_t>(style_.width) - margin)) {
            show(stream_, painted(style_, "kernel | " + part, "33") + "\n");
        }
    }
    draw_status();
}

void LiveView::finish() {
    const std::lock_guard lock(mutex_);
    clear_status();
    end_line();
    for (std::size_t i = 0; i < programs_.size(); ++i) {
        if (!programs_[i].line.empty()) {
            show(stream_, fmt::format("{} | {}\n", i + 1, report::printable(programs_[i].line)));
            programs_[i].line.clear();
        }
    }
}

std::string LiveView::status() const {
    if (programs_.size() > 1) {
        return status_of_all();
    }
    const evidence::ProcessSample& latest = programs_.front().latest;
    std::string text =
        fmt::format("[{:6.1f} s] RSS {:>9} ", latest.at.count(), readable_bytes(latest.resident_bytes));
    text += swap_ ? fmt::format("swapped {:>9} major faults {:>6}", readable_bytes(latest.swap_bytes),
                                latest.major_faults)
                  : fmt::format("VSZ {:>9} heap {:>9} oom_score {:>4}", readable_bytes(latest.virtual_bytes),
                                readable_bytes(latest.heap_bytes), latest.oom_score);
    if (latest.oom_score_adj != 0) {
        text += fmt::format(" (adj {})", latest.oom_score_adj);
    }
    if (!terminal_) {
        return text;
    }
    // A line that wraps cannot be cleared: room is left for the "^C" that a terminal adds to it.
    const std::size_t room = static_cast<std::size_t>(style_.width) - 3;
    if (text.size() + 2 < room) {
        constexpr std::size_t longest = 30;
        const std::size_t columns = std::min(longest, room - text.size() - 1);
        return text + " " + sparkline(programs_.front().resident, arena_bytes_, columns, style_.unicode);
    }
    return text.substr(0, room);
}

std::string LiveView::status_of_all() const {
    double at = 0;
    std::string text;
    for (std::size_t i = 0; i < programs_.size(); ++i) {
        const evidence::ProcessSample& latest = programs_[i].latest;
        at = std::max(at, latest.at.count());
        text += fmt::format("  {}: RSS {:>9} oom_score {:>4}", i + 1, readable_bytes(latest.resident_bytes),
                            latest.oom_score);
    }
    text = fmt::format("[{:6.1f} s]{}", at, text);
    return terminal_ ? text.substr(0, static_cast<std::size_t>(style_.width) - 3) : text;
}

void LiveView::end_line() {
    if (std::exchange(line_open_, false)) {
        show(stream_, "\n");
    }
}

void LiveView::clear_status() {
    if (status_shown_) {
        show(stream_, "\r\x1b[K");
        status_shown_ = false;
    }
}

void LiveView::draw_status() {
    const bool any =
        std::ranges::any_of(programs_, [](const Program& program) { return !program.resident.empty(); });
    if (!terminal_ || !any || line_open_) {
        return;
    }
    const std::string text = status();
    show(stream_, painted(style_, text, "36"));
    status_shown_ = true;
}

}  // namespace vmlab::cli
