#pragma once

// The one header that a checks.cpp needs.

#include <gtest/gtest.h>

#include "vmlab/grading/evidence.hpp"
#include "vmlab/grading/lab.hpp"
#include "vmlab/grading/verdict.hpp"

namespace vmlab::grading {

/// main() of every grader program:
///     NN-slug-checks --submission DIR [--result FILE] [--progress-fd N] [--slots DIR --jobs N]
///     [--most-seconds N] [--arena KIND] [--isolation TIER] [--root CHECKOUT] [GoogleTest's options]
/// It works on activities/NN-slug and graders/NN-slug of the checkout that --root or VMLAB_ROOT names, else
/// of the one that it lies in (see checkout.hpp), and with the helpers in support/ of its build folder. Runs
/// every TEST, writes the activity's Result as JSON to FILE (atomically), and one line "CHECK OUTCOME" per
/// finished check to the progress descriptor. Exit status as Result::exit_status(); 2 for wrong usage. A TEST
/// that activity.toml does not know, or a check without TEST, is a grader-error.
int run_grader(int argc, char** argv);

}  // namespace vmlab::grading
