#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/exit_status.hpp"

namespace vmlab::cli_tests {

/// Where a command's stdout goes.
enum class Output { pipe, terminal, closed, full_device, gone_reader };

/// A command as a person would start it.
struct Command {
    std::vector<std::string> argv;
    std::map<std::string, std::string> environment;  ///< all of it: nothing is inherited
    std::filesystem::path folder = "/";
    Output output = Output::pipe;
    mode_t mask = 022;
    /// Changes the machine as the command alone sees it, in its process, before it starts. False: it cannot
    /// be changed so here, and the command is not started (exit status cannot_prepare).
    std::function<bool()> prepare;
};
inline constexpr int cannot_prepare = 126;

/// What it left. On a terminal, out holds stderr too, and every newline is "\r\n".
struct Ended {
    process::ExitStatus status;
    std::string out;
    std::string err;
};

/// A command that runs. It has a process group of its own; on a terminal, a session of its own.
class Running {
  public:
    explicit Running(const Command& command);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    /// Waits until the text is in out (or err). False after the patience, or when the command ended without.
    [[nodiscard]] bool wait_for(const std::string& text, std::chrono::seconds patience);
    /// Lets it run that long, or until it ends.
    void let_run(std::chrono::milliseconds time);
    void send(int signal) const;
    /// Types on the terminal.
    void type(const std::string& keys) const;
    /// What it left; nothing when it is still going after the patience: then it has been killed.
    [[nodiscard]] std::optional<Ended> wait(std::chrono::seconds patience);

  private:
    /// Takes what is there to read, waiting for at most this long. False when both streams are at their end.
    bool read_some(std::chrono::milliseconds patience);

    pid_t pid_ = -1;
    process::Descriptor out_;
    process::Descriptor err_;
    Ended ended_;
    bool waited_ = false;
};

/// Makes this process the parent of everything that its children leave behind, so that it can be seen.
void adopt_orphans();
/// Waits until no process that came from this one is left. False when one is, after the patience.
[[nodiscard]] bool all_gone(std::chrono::seconds patience);

}  // namespace vmlab::cli_tests
