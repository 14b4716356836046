#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/grading/experiment.hpp"
#include "vmlab/grading/lab.hpp"

// A program that prints a line and waits for Enter, again and again: the grader looks at it from outside
// meanwhile. What is wrong with its lines is told as a flaw, which completes "…, but" on a card.

namespace vmlab::grading {

/// What is wrong with all that a program printed when it went by itself (at the end of its input): each line
/// must begin with the words that are due, and there must be no other. Pure.
[[nodiscard]] std::optional<std::string> flaw_in_output(std::string_view out,
                                                        const std::vector<std::string>& due);

/// What is wrong with what it printed before it waited for the first (second, ...) time: position 0 (1, ...).
/// Exactly the one line that is due must have come, whole. Pure.
[[nodiscard]] std::optional<std::string> flaw_in_pause(std::string_view printed, std::size_t position,
                                                       const std::vector<std::string>& due);

struct Dialogue {
    process::Run run;
    std::optional<std::string> flaw;  ///< absent: all lines came, each before a wait
};

/// Called at each pause with the line that had been due, without its newline, and the process that waits, on
/// the running thread. What it returns is a flaw of that line, and ends the dialogue.
using OnLine = std::function<std::optional<std::string>(const std::string& line, pid_t pid)>;

/// Runs a program (the submission's or one that the grader trusts) as the experiment says, and answers each
/// pause with Enter. With the first flaw its input ends. `how` says the rest, as in Experiment::native.
[[nodiscard]] Dialogue hold_dialogue(Lab& lab, const Program& program, const Experiment& experiment,
                                     const std::vector<std::string>& due, const OnLine& on_line,
                                     NativeOptions how = {});

/// Fails the check unless the program waits so many times, each time for a whole line of input, however long:
/// each comes in two pieces here, the second of them the newline. `next`: a command for the card.
void expect_whole_lines_awaited(Lab& lab, const Experiment& experiment, std::size_t waits,
                                const std::string& next);

}  // namespace vmlab::grading
