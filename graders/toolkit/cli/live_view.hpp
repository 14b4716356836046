#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/evidence/procfs.hpp"
#include "vmlab/report/text.hpp"

namespace vmlab::cli {

/// A small graph of values in one line of text, the newest at the right; `top` is the value of a full column.
[[nodiscard]] std::string sparkline(const std::vector<std::uint64_t>& values, std::uint64_t top,
                                    std::size_t columns, bool unicode);

/// "12.3 MiB"
[[nodiscard]] std::string readable_bytes(std::uint64_t bytes);

/// What a running program prints, with its memory beside it: on a terminal as a status line that is rewritten
/// below the output, in a log as one line a second. Safe to call from several threads.
class LiveView {
  public:
    LiveView(const report::TextStyle& style, bool terminal, std::uint64_t arena_bytes);
    ~LiveView();
    LiveView(const LiveView&) = delete;
    LiveView& operator=(const LiveView&) = delete;

    void output(std::string_view piece);
    void sample(const evidence::ProcessSample& sample);
    /// Removes the status line and ends an unfinished line of output.
    void finish();

  private:
    void clear_status();
    void draw_status();
    [[nodiscard]] std::string status() const;

    report::TextStyle style_;
    bool terminal_;
    std::uint64_t arena_bytes_;
    std::mutex mutex_;
    std::vector<std::uint64_t> resident_;
    evidence::ProcessSample latest_;
    double logged_at_ = -1;
    bool status_shown_ = false;
    bool line_open_ = false;
    bool program_seen_ = false;
};

}  // namespace vmlab::cli
