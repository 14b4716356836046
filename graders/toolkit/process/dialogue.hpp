#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::process {

/// Our side of a program's stdin in a run with Job::on_pause: a pipe of which we keep both ends. So a program
/// that has closed its stdin does not make our writing fail, and the kernel tells how much is still unread.
class Dialogue {
  public:
    /// The end that the program gets stands in `theirs`.
    [[nodiscard]] static Result<Dialogue> open(Descriptor& theirs);

    /// The process that waits for input, the program or one that it started: blocked in read(2) on this pipe,
    /// with nothing in it. Where the kernel does not say what a process is blocked in, or it waits by poll(2)
    /// or select(2): the program, when it has slept through two looks. Absent: nobody waits, or stdin was
    /// closed.
    [[nodiscard]] std::optional<pid_t> waiting_reader(pid_t program);

    /// What the program reads next; what does not fit into the pipe follows as it is read.
    void say(std::string_view text);
    /// The end of the input.
    void close();
    /// Passes on what did not fit.
    void go_on();
    [[nodiscard]] bool is_open() const { return static_cast<bool>(write_end_); }

  private:
    struct Sleep {
        pid_t pid = 0;
        std::string switches;  ///< the kernel's counts of context switches
        std::chrono::steady_clock::time_point since{};
    };

    [[nodiscard]] bool has_slept_through(pid_t pid);

    Descriptor write_end_;
    Descriptor read_end_;
    std::string name_;  ///< of the pipe, as /proc/PID/fd shows it: "pipe:[4711]"
    std::string unsaid_;
    Sleep sleep_;
};

}  // namespace vmlab::process
