#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/grading/lab.hpp"

namespace vmlab::grading {

/// One way to run a program of the submission: what is run and what a card tells the student to type are the
/// same value, so they cannot differ. A plain value: any thread may use it.
struct Experiment {
    std::string program;  ///< a name of activity.toml
    std::vector<std::string> arguments = {};
    std::map<std::string, std::string> environment = {};
    process::Start start = {};
    process::Limits limits = {};  ///< address_space_bytes is told in the command (ulimit -v), the others not

    /// Runs the submission's program. `how` says the rest: its arguments, environment and limits are replaced
    /// by those above. Ends the check as the Lab's functions do.
    [[nodiscard]] process::Run native(Lab& lab, NativeOptions how = {}) const;
    [[nodiscard]] evidence::MemcheckRun memcheck(Lab& lab, evidence::MemcheckOptions how = {}) const;
    [[nodiscard]] evidence::SyscallRun syscalls(Lab& lab, evidence::SyscallOptions how = {}) const;

    /// What a student types for the same run, in a shell: "./oom --limit 3"; words are quoted where needed;
    /// an address space limit makes it "(ulimit -v 131072; ./oom --limit 3)".
    [[nodiscard]] std::string command() const;
    /// The same below a tool: "strace -e trace=write ./oom --limit 3".
    [[nodiscard]] std::string under(std::string_view tool) const;
    /// "running ./oom --limit 3": completes "while …" on a card.
    [[nodiscard]] std::string doing(std::string_view how = {}) const;
};

/// A word as a shell takes it: as it is, or in single quotes.
[[nodiscard]] std::string shell_word(std::string_view word);

/// "g++ -std=c++20 -g -O0 -Wall -Wextra oom.cpp -o oom -lfmt && ", for the program of the running grader:
/// what a command on a card begins with, so that it works as it stands in the activity's folder.
[[nodiscard]] std::string build_and(std::string_view program, std::string_view command);

}  // namespace vmlab::grading
