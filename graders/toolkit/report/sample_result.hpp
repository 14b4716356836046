#pragma once

#include "vmlab/grading/result.hpp"

namespace vmlab::report {

/// A result with every outcome in it, for the renderers' tests. What student code printed is hostile.
inline grading::Result sample_result() {
    using grading::OutcomeKind;
    grading::Result result;
    result.vmlab_version = "1.0.0";
    result.environment = {"cgroup1", "namespaces", "6.1", "valgrind-3.19.0", "g++ 12"};
    grading::ActivityResult activity{1, "heap-growth", "Which way does the heap grow?", {}};
    const auto add = [&](const char* name, OutcomeKind outcome, int score, int max_score) {
        grading::CheckResult check;
        check.name = name;
        check.title = std::string("title of ") + name;
        check.outcome = outcome;
        check.score = score;
        check.max_score = max_score;
        check.seconds = 0.5;
        if (outcome != OutcomeKind::passed) {
            check.card = {"five addresses", std::string("a\x1b[31m<b>&\xff\0]]>", 15), "row 1\nrow 2",
                          "pointers", "valgrind ./a"};
        }
        activity.checks.push_back(check);
    };
    add("Passes", OutcomeKind::passed, 40, 40);
    add("Fails", OutcomeKind::failed, 0, 20);
    activity.checks.back().reason = grading::Reason::timed_out;
    add("NotJudged", OutcomeKind::cannot_judge, 0, 20);
    add("Broken", OutcomeKind::grader_error, 0, 20);
    activity.notes = {"heap_growth.cpp was taken from a<b>\x1b[31m\xff."};
    result.activities.push_back(activity);
    return result;
}

}  // namespace vmlab::report
