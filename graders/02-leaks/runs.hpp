#pragma once

// What the checks of activity 2 share: the starter as Memcheck sees it, and the commands that cards name.

#include <fmt/format.h>

#include <string>

#include "questions.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/process/files.hpp"

namespace leaks {

using vmlab::evidence::MemcheckRun;
using vmlab::grading::Lab;

inline MemcheckRun watch_starter(Lab& lab, bool debug_info) {
    vmlab::grading::BuildOptions options;
    options.debug_info = debug_info;
    MemcheckRun run = lab.memcheck(lab.starter("leaks", options));
    if (!run.run.succeeded() || never_freed(run.trace).empty()) {
        vmlab::grading::raise({vmlab::process::ErrorKind::failed,
                               "the original program was not seen to leak: " + run.run.describe(),
                               "restore graders/02-leaks/starter/leaks.cpp"});
    }
    return run;
}

/// Made once and shared by the checks of all files.
inline vmlab::grading::Shared<MemcheckRun> starter{[](Lab& lab) { return watch_starter(lab, true); }};

inline const std::string build = "g++ -std=c++20 -g -O0 leaks.cpp -o leaks -lfmt";
inline const std::string show_leaks = build + " && valgrind --leak-check=full --show-leak-kinds=all ./leaks";
inline const std::string show_trace = build + " && valgrind -q --trace-malloc=yes ./leaks";

/// The program as it was given out, under a name of its own: a student's leaks.cpp stays what it is.
inline const std::string bring_original = "../../scripts/lab show 2 starter > original.cpp &&\n";
inline const std::string look_again = bring_original +
                                      "g++ -std=c++20 -g -O0 original.cpp -o original -lfmt &&\n"
                                      "valgrind --leak-check=full --show-leak-kinds=all ./original";

}  // namespace leaks
