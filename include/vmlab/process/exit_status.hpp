#pragma once

#include <optional>
#include <string>

namespace vmlab::process {

/// How a process ended, as wait(2) tells it: exactly one of the two is set.
struct ExitStatus {
    std::optional<int> code;
    std::optional<int> signal;

    [[nodiscard]] static ExitStatus from_wait(int wait_status);
    [[nodiscard]] bool exited_with(int expected) const { return code == expected; }
    [[nodiscard]] bool killed_by(int expected) const { return signal == expected; }
    /// "exit status 1" or "killed by signal 9 (SIGKILL)".
    [[nodiscard]] std::string describe() const;
};

}  // namespace vmlab::process
