#pragma once

// Experiments with the reference oom: what the predictions of answers.toml are compared with. One of them
// also gives obituary a kill to find in this machine's own log.

#include <utility>

#include "oom_evidence.hpp"
#include "vmlab/grading/grader.hpp"

namespace reference_evidence {

using namespace vmlab;
using namespace vmlab::grading;
using namespace oom_evidence;

inline Shared<arena::Outcome> reference_touched{
    [](Lab& lab) { return in_arena(lab, lab.reference("oom"), 256 * mebibyte, touched_gigabyte); }};
inline Shared<arena::Outcome> reference_untouched{
    [](Lab& lab) { return in_arena(lab, lab.reference("oom"), 256 * mebibyte, untouched_gigabyte); }};
inline Shared<process::Run> reference_under_ulimit{[](Lab& lab) {
    NativeOptions options;
    options.arguments = untouched_gigabyte.arguments;
    options.limits.address_space_bytes = 512 * mebibyte;
    return lab.native(lab.reference("oom"), options);
}};
/// A shell that starts oom, outlives it, and prints its exit status.
inline Shared<arena::Outcome> killed_below_a_shell{[](Lab& lab) {
    arena::Request request;
    process::Job job = lab.job(lab.reference("oom"), {"--pause", "0"});
    job.argv.insert(job.argv.begin(), {"/bin/sh", "-c", "\"$0\" \"$@\"; echo \"exit status $?\""});
    request.contestants.push_back({.job = std::move(job)});
    return lab.arena(request);
}};

}  // namespace reference_evidence
