#include "cli/live_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

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
    if (bytes < 10 * kibibyte * kibibyte / 10) {
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
    std::fwrite(text.data(), 1, text.size(), stdout);
    line_open_ = !text.empty() && text.back() != '\n';
    draw_status();
    std::fflush(stdout);
}

void LiveView::sample(const evidence::ProcessSample& sample) {
    const std::lock_guard lock(mutex_);
    if (sample.virtual_bytes == 0) {
        return;  // the process is gone: it has no memory to show
    }
    latest_ = sample;
    resident_.push_back(sample.resident_bytes);
    if (terminal_) {
        clear_status();
        draw_status();
    } else if (sample.at.count() >= logged_at_ + 1) {
        logged_at_ = sample.at.count();
        fmt::print("{}{}\n", line_open_ ? "\n" : "", status());
        line_open_ = false;
    }
    std::fflush(stdout);
}

void LiveView::finish() {
    const std::lock_guard lock(mutex_);
    clear_status();
    if (line_open_) {
        fmt::print("\n");
        line_open_ = false;
    }
    std::fflush(stdout);
}

std::string LiveView::status() const {
    return fmt::format("[{:6.1f} s] RSS {:>9}  VSZ {:>9}  heap {:>9}  oom_score {:>4} (adj {})  {}",
                       latest_.at.count(), readable_bytes(latest_.resident_bytes),
                       readable_bytes(latest_.virtual_bytes), readable_bytes(latest_.heap_bytes),
                       latest_.oom_score, latest_.oom_score_adj,
                       terminal_ ? sparkline(resident_, arena_bytes_, 20, style_.unicode) : std::string());
}

void LiveView::clear_status() {
    if (status_shown_) {
        // Back to the status line, then up to the end of an unfinished line of output where there is one.
        fmt::print("\r\x1b[K");
        status_shown_ = false;
    }
}

void LiveView::draw_status() {
    if (!terminal_ || resident_.empty() || line_open_) {
        return;
    }
    const std::string text = status();
    fmt::print("{}", style_.colour ? fmt::format("\x1b[36m{}\x1b[0m", text) : text);
    status_shown_ = true;
}

}  // namespace vmlab::cli
