#include "cli/live_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "cli/terminal.hpp"
#include "vmlab/report/printable.hpp"

namespace vmlab::cli {

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

std::string readable_bytes(std::uint64_t bytes) {
    constexpr std::uint64_t kibibyte = 1024;
    if (bytes < kibibyte * kibibyte) {
        return fmt::format("{} KiB", bytes / kibibyte);
    }
    return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (kibibyte * kibibyte));
}

LiveView::LiveView(const report::TextStyle& style, bool terminal, std::uint64_t arena_bytes)
    : style_(style), terminal_(terminal), arena_bytes_(arena_bytes) {}

LiveView::~LiveView() {
    finish();
}

void LiveView::output(std::string_view piece) {
    const std::lock_guard lock(mutex_);
    clear_status();
    const std::string text = report::printable(piece);
    show(stdout, text);
    line_open_ = !text.empty() && text.back() != '\n';
    draw_status();
}

void LiveView::sample(const evidence::ProcessSample& sample) {
    const std::lock_guard lock(mutex_);
    // The first sample is taken before the program is executed: it shows the launcher. A process that is gone
    // has no memory to show.
    if (!std::exchange(program_seen_, true) || sample.virtual_bytes == 0) {
        return;
    }
    latest_ = sample;
    resident_.push_back(sample.resident_bytes);
    if (terminal_) {
        clear_status();
        draw_status();
    } else if (sample.at.count() >= logged_at_ + 1) {
        logged_at_ = sample.at.count();
        show(stdout, fmt::format("{}{}\n", line_open_ ? "\n" : "", status()));
        line_open_ = false;
    }
}

void LiveView::finish() {
    const std::lock_guard lock(mutex_);
    clear_status();
    if (line_open_) {
        show(stdout, "\n");
        line_open_ = false;
    }
}

std::string LiveView::status() const {
    std::string text =
        fmt::format("[{:6.1f} s] RSS {:>9} VSZ {:>9} heap {:>9} oom_score {:>4}", latest_.at.count(),
                    readable_bytes(latest_.resident_bytes), readable_bytes(latest_.virtual_bytes),
                    readable_bytes(latest_.heap_bytes), latest_.oom_score);
    if (latest_.oom_score_adj != 0) {
        text += fmt::format(" (adj {})", latest_.oom_score_adj);
    }
    if (!terminal_) {
        return text;
    }
    // A line that wraps cannot be cleared: room is left for the "^C" that a terminal adds to it.
    const std::size_t room = static_cast<std::size_t>(style_.width) - 3;
    if (text.size() + 2 < room) {
        constexpr std::size_t longest = 30;
        const std::size_t columns = std::min(longest, room - text.size() - 1);
        return text + " " + sparkline(resident_, arena_bytes_, columns, style_.unicode);
    }
    return text.substr(0, room);
}

void LiveView::clear_status() {
    if (status_shown_) {
        show(stdout, "\r\x1b[K");
        status_shown_ = false;
    }
}

void LiveView::draw_status() {
    if (!terminal_ || resident_.empty() || line_open_) {
        return;
    }
    const std::string text = status();
    show(stdout, painted(style_, text, "36"));
    status_shown_ = true;
}

}  // namespace vmlab::cli
