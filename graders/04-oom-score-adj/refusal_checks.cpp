// Grader of activity 4: what oom_score does about numbers that the kernel refuses, and about bad options.

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "claims.hpp"
#include "growth.hpp"
#include "kernel_answers.hpp"
#include "runs.hpp"
#include "vmlab/grading/agreement.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace oom_score;

const Experiment lower = run_with({"--adj", "-999", "--chunk-mb", "8", "--limit-mb", "16"});
const Experiment beyond = run_with({"--adj", "5000", "--chunk-mb", "8", "--limit-mb", "16"});
const Experiment half_a_number = run_with({"--chunk-mb", "1x", "--limit-mb", "1"});

Shared<evidence::SyscallRun> too_low{[](Lab& lab) { return lower.syscalls(lab); }};
Shared<evidence::SyscallRun> out_of_range{[](Lab& lab) { return beyond.syscalls(lab); }};
Shared<process::Run> too_low_untraced{[](Lab& lab) { return lower.native(lab); }};
Shared<process::Run> out_of_range_untraced{[](Lab& lab) { return beyond.native(lab); }};
Shared<evidence::MemcheckRun> out_of_range_in_memcheck{[](Lab& lab) { return beyond.memcheck(lab); }};
Shared<evidence::MemcheckRun> usage_in_memcheck{[](Lab& lab) { return half_a_number.memcheck(lab); }};

/// The kernel's reason in words, from strace's name of it.
std::string reason_in_words(std::string_view error) {
    if (error == "EINVAL") {
        return std::strerror(EINVAL);
    }
    return std::strerror(error == "EPERM" ? EPERM : EACCES);
}

/// The same lines and the same end when nobody traces it, and the same message.
void expect_report_untraced(const Experiment& experiment, const process::Run& traced,
                            const process::Run& untraced, const std::string& message) {
    grading::expect_agreement(
        {"under strace", traced}, {"with nobody watching", untraced},
        {.apart = {.varying = {"Process ID: ", "oom_score "}}, .next = build_and_run(experiment)});
    if (untraced.err.find(message + "\n") != std::string::npos) {
        return;
    }
    fail({
        .expected = fmt::format("the line \"oom_score: {}\" on stderr, whoever watches", message),
        .observed = "under strace it is there, and with nobody watching it is not",
        .evidence = fmt::format("$ {}\nstderr:\n{}", experiment.command(), grading::shown(untraced.err)),
        .why =
            "Points are given for what strace saw. That holds only if the program does the same when nobody "
            "looks.",
        .next = build_and_run(experiment),
    });
}

void expect_report_of_refusal(const Experiment& experiment, int adj, const evidence::SyscallRun& run,
                              const process::Run& untraced, const std::string& usual_reason) {
    const evidence::SystemCall* write = first_write_of_adj(run);
    const bool refused = write != nullptr && write->failed();
    if (write != nullptr && !refused && number_of(write->data) == adj) {
        return;  // this machine allows it, so there is no refusal to report
    }
    // A program may also find out by itself that a number is out of range.
    const bool asked = usual_reason == "EINVAL" || refused;
    const std::string message = fmt::format("cannot set oom_score_adj to {}: {}", adj,
                                            reason_in_words(refused ? write->error : usual_reason));
    const Claims claims = claims_of(run.run.out);
    const bool reported = run.run.err.find(message + "\n") != std::string::npos;
    const auto allocated = Growth(run.calls).gained_at_once(8 * mebibyte, run.calls.size());
    const bool stopped =
        !claims.after && claims.chunks.empty() && run.run.status.exited_with(1) && !allocated;
    if (asked && reported && stopped) {
        expect_report_untraced(experiment, run.run, untraced, message);
        return;
    }
    std::string observed = stderr_of(run.run) + "; " + run.run.describe();
    if (!asked) {
        observed += "; the kernel was never asked: no write to its own oom_score_adj was refused";
    }
    if (!stopped) {
        observed += "; the program did not stop there with exit status 1";
    }
    fail_run(
        run.run, experiment.doing("under strace"),
        {
            .expected = fmt::format("the line \"oom_score: {}\" on stderr, nothing on stdout after the score "
                                    "before, no allocation, exit status 1",
                                    message),
            .observed = observed,
            .evidence = evidence_about_scores(run) + (allocated ? "\n" + allocated->row : ""),
            .next = build_and_run(experiment, "strace -e trace=openat,write"),
        });
}

TEST(OomScore, SaysWhyTheKernelRefused) {
    expect_report_of_refusal(lower, -999, too_low.get(), too_low_untraced.get(), "EACCES");
    expect_report_of_refusal(beyond, 5000, out_of_range.get(), out_of_range_untraced.get(), "EINVAL");
    expect_memory_respected(beyond, out_of_range_in_memcheck.get());
}

/// A number that no int holds. README.md does not say who has to refuse it, the program or the kernel.
void expect_no_success_with_huge_adjustment() {
    const Experiment huge = run_with({"--chunk-mb", "1", "--limit-mb", "1", "--adj", "99999999999"});
    const process::Run run = huge.native(grading::lab());
    if (!run.succeeded() && !claims_of(run.out).after) {
        return;
    }
    fail({
        .expected = "a usage line and exit status 2, or the kernel's refusal and exit status 1",
        .observed = "it says nothing against that number: " + run.describe(),
        .evidence = fmt::format("$ {}\n{}", huge.command(), stdout_of(run)),
        .why =
            "A number that does not fit its type is not what was asked for. std::from_chars and strtol say so, "
            "if they are asked.",
        .next = build_and_run(huge) + "; echo $?",
    });
}

TEST(OomScore, RefusesBadUsage) {
    // A program that takes them ends soon all the same: at the limit, or when malloc returns NULL.
    for (const Arguments& wrong :
         {Arguments{"--bogus", "1"}, Arguments{"--adj"}, Arguments{"--adj", "5x"}, Arguments{"--pause", "x"},
          Arguments{"--chunk-mb", "1x"}, Arguments{"--limit-mb", "1x"}, Arguments{"--limit-mb", "none"}}) {
        Experiment experiment = run_with({"--pause", "0", "--chunk-mb", "1", "--limit-mb", "1"});
        experiment.arguments.insert(experiment.arguments.end(), wrong.begin(), wrong.end());
        experiment.limits.data_bytes = 256 * mebibyte;
        const process::Run run = experiment.native(grading::lab());
        if (run.status.exited_with(2) && run.out.empty() && !run.err.empty()) {
            continue;
        }
        fail_run(run, experiment.doing(),
                 {
                     .expected = "a usage line on stderr, nothing on stdout, exit status 2",
                     .observed = stderr_of(run) + "; " + run.describe(),
                     .evidence = fmt::format("$ {}\n{}", experiment.command(), stdout_of(run)),
                     .next = build_and_run(experiment) + "; echo $?",
                 });
    }
    expect_no_success_with_huge_adjustment();
    expect_memory_respected(half_a_number, usage_in_memcheck.get());
}

}  // namespace
