#pragma once

// The one header that a checks.cpp needs.

#include <gtest/gtest.h>

#include <filesystem>

#include "vmlab/grading/evidence.hpp"
#include "vmlab/grading/lab.hpp"
#include "vmlab/grading/verdict.hpp"

namespace vmlab::grading {

struct GraderFolders {
    std::filesystem::path activity;  ///< activities/NN-slug
    std::filesystem::path grader;    ///< graders/NN-slug
    std::filesystem::path support;   ///< our helpers that run inside the sandbox
};

/// main() of every grader program:
///     NN-slug-checks --submission DIR [--result FILE] [--progress-fd N] [--slots DIR --jobs N]
///     [--most-seconds N] [--arena KIND] [--isolation TIER] [GoogleTest's options]
/// Runs every TEST, writes the activity's Result as JSON to FILE (atomically), and one line "CHECK OUTCOME"
/// per finished check to the progress descriptor. Exit status as Result::exit_status(); 2 for wrong usage. A
/// TEST that activity.toml does not know, or a check without TEST, is a grader-error.
int run_grader(int argc, char** argv, const GraderFolders& defaults);

}  // namespace vmlab::grading
