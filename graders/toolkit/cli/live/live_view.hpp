#pragma once

#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "cli/live/kernel_rows.hpp"
#include "vmlab/evidence/procfs.hpp"
#include "vmlab/report/text.hpp"

namespace vmlab::cli {

/// A small graph of values in one line of text, the newest at the right; `top` is the value of a full column.
[[nodiscard]] std::string sparkline(const std::vector<std::uint64_t>& values, std::uint64_t top,
                                    std::size_t columns, bool unicode);

/// What running programs print, with their memory beside it: on a terminal as a status line that is rewritten
/// below the output, in a log as one line a second; and the kernel's log, where it comes. Safe to call from
/// several threads.
class LiveView {
  public:
    /// `terminal`: lines can be rewritten. With more than one program each line says whose it is.
    LiveView(const report::TextStyle& style, bool terminal, std::uint64_t arena_bytes,
             std::size_t programs = 1, std::FILE* stream = stdout);
    ~LiveView();
    LiveView(const LiveView&) = delete;
    LiveView& operator=(const LiveView&) = delete;

    /// Whether the status line tells of swap and major faults, not of heap and OOM score. To be called first.
    void show_swap(bool yes) { swap_ = yes; }
    /// What the program at this position printed.
    void output(std::size_t program, std::string_view piece);
    void sample(std::size_t program, const evidence::ProcessSample& sample);
    /// Records of a /dev/kmsg.
    void kernel_log(std::string_view records);
    /// Removes the status line and ends an unfinished line of output.
    void finish();

  private:
    struct Program {
        evidence::ProcessSample latest;
        std::vector<std::uint64_t> resident;
        std::string line;  ///< the beginning of its next one, where each line says whose it is
        bool seen = false;
    };

    void end_line();
    void clear_status();
    void draw_status();
    [[nodiscard]] std::string status() const;
    [[nodiscard]] std::string status_of_all() const;

    report::TextStyle style_;
    bool terminal_;
    std::uint64_t arena_bytes_;
    std::FILE* stream_;
    std::mutex mutex_;
    std::vector<Program> programs_;
    KernelRows kernel_rows_;
    double logged_at_ = -1;
    bool swap_ = false;
    bool status_shown_ = false;
    bool line_open_ = false;
};

}  // namespace vmlab::cli
