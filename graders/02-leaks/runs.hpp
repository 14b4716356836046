#pragma once

// What the checks of activity 2 share: the program, the starter as Memcheck sees it, and the commands that
// cards name.

#include <fmt/format.h>

#include <string>

#include "questions.hpp"
#include "vmlab/grading/experiment.hpp"
#include "vmlab/grading/grader.hpp"

namespace leaks {

using vmlab::evidence::MemcheckRun;
using vmlab::grading::Lab;

inline const vmlab::grading::Experiment experiment{.program = "leaks"};

inline MemcheckRun watch_starter(Lab& lab, bool debug_info) {
    MemcheckRun run = lab.memcheck(lab.starter("leaks", {.debug_info = debug_info, .extra_flags = {}}));
    if (!run.run.succeeded() || never_freed(run.trace).empty()) {
        vmlab::grading::raise({vmlab::process::ErrorKind::failed,
                               "the original program was not seen to leak: " + run.run.describe(),
                               "restore graders/02-leaks/starter/leaks.cpp"});
    }
    return run;
}

/// Made once and shared by the checks of all files.
inline vmlab::grading::Shared<MemcheckRun> starter{[](Lab& lab) { return watch_starter(lab, true); }};

/// The blocks that the activity is about, measured on the starter.
inline Sizes wanted() {
    return never_freed(starter.get().trace);
}

inline std::string built_and(const std::string& command) {
    return vmlab::grading::build_and("leaks", command);
}
inline std::string show_leaks() {
    return built_and(experiment.under("valgrind --leak-check=full --show-leak-kinds=all"));
}
inline std::string show_trace() {
    return built_and(experiment.under("valgrind -q --trace-malloc=yes"));
}

/// Builds the program as it was given out, or what `change` makes of it, under a name of its own, and goes on
/// with a tool: a student's leaks.cpp stays what it is.
inline std::string original_under(const std::string& tool, const std::string& name = "original",
                                  const std::string& change = "", bool debug_info = true) {
    const std::string source = name + ".cpp";
    const vmlab::grading::Experiment original{.program = name};
    return fmt::format(
        "../../scripts/lab show 2 starter {}> {} &&\n{} &&\n{}", change, source,
        vmlab::grading::build_command(source, name, {.debug_info = debug_info, .extra_flags = {}}),
        original.under(tool));
}
inline std::string look_again() {
    return original_under("valgrind --leak-check=full --show-leak-kinds=all");
}

}  // namespace leaks
