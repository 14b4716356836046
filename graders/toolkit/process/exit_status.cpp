#include "vmlab/process/exit_status.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>

namespace vmlab::process {

namespace {

std::string signal_name(int number) {
    const char* abbreviation = ::sigabbrev_np(number);
    return abbreviation != nullptr ? fmt::format("SIG{}", abbreviation) : std::string("unknown signal");
}

}  // namespace

ExitStatus ExitStatus::from_wait(int wait_status) {
    if (WIFSIGNALED(wait_status)) {
        return {std::nullopt, WTERMSIG(wait_status)};
    }
    return {WEXITSTATUS(wait_status), std::nullopt};
}

std::string ExitStatus::describe() const {
    if (signal) {
        return fmt::format("killed by signal {} ({})", *signal, signal_name(*signal));
    }
    if (code) {
        return fmt::format("exit status {}", *code);
    }
    return "no exit status";
}

}  // namespace vmlab::process
