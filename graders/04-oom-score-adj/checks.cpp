// Grader of activity 4: whom does the OOM killer choose?
//
// The student's program prints its pid, its OOM score before and after a change, and how much it has
// allocated. Nothing of that is believed because it was printed:
//   - strace shows which files the program asked, what the kernel answered, what it wrote and how that was
//     refused, every chunk of memory that the kernel handed out, and how long the program asked to sleep;
//   - /proc/PID, read from outside while the program sleeps, is the second witness;
//   - in an arena two instances run out of memory together, and the kernel tells who was killed.
// No score is compared with a constant: a small process reads 666 on a kernel since 5.9, and 0 before.
//
// The other checks stand beside this file: refusal_checks.cpp, growth_checks.cpp, contest_checks.cpp,
// machine_checks.cpp, in which a whole machine runs out of memory, and answers_checks.cpp.

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "claims.hpp"
#include "growth.hpp"
#include "kernel_answers.hpp"
#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace oom_score;

const Experiment resting = inheriting(90, run_with({"--chunk-mb", "1", "--pause", "600"}));
const Experiment raised_by_250 = run_with({"--adj", "250", "--chunk-mb", "1", "--pause", "600"});
const Experiment octal_looking = run_with({"--adj", "0250", "--chunk-mb", "1", "--pause", "600"});
const Experiment zero = run_with({"--adj", "0", "--chunk-mb", "1", "--limit-mb", "1", "--pause", "0"});

Shared<Asleep> at_rest{[](Lab& lab) { return asleep_after(lab, resting, "oom_score before: "); }};
Shared<Asleep> raised{[](Lab& lab) { return asleep_after(lab, raised_by_250, "oom_score after: "); }};
Shared<Asleep> raised_by_0250{[](Lab& lab) { return asleep_after(lab, octal_looking, "oom_score after: "); }};
Shared<evidence::SyscallRun> set_to_zero{[](Lab& lab) { return zero.syscalls(lab); }};

/// The kernel's word on a run, traced or not.
void expect_own_pid(const Experiment& experiment, const process::Run& run, const std::string& how) {
    const auto pid = claims_of(run.out).pid;
    if (pid && pid->number == run.inner_pid) {
        return;
    }
    fail_run(run, experiment.doing(how),
             {
                 .expected = fmt::format("Process ID: {}, {}", run.inner_pid, how),
                 .observed = pid ? fmt::format("Process ID: {}", pid->number)
                                 : "no line \"Process ID: PID\" on stdout",
                 .evidence = fmt::format("$ {}\n{}", experiment.command(), stdout_of(run)),
                 .next = build_and_run(experiment) + " & echo $!",
             });
}

TEST(OomScore, PrintsItsOwnProcessId) {
    expect_own_pid(options_given, by_options.get().run, "under strace");
    expect_own_pid(one_real_second, untraced.get().run, "with nobody watching");
}

/// The second witness: /proc/PID/oom_score, read from outside when the line was on stdout.
void expect_same_from_outside(const Experiment& experiment, const Asleep& seen, const std::string& line,
                              const std::optional<Claim>& printed) {
    // The program may grow by one MB between the two readings: a point or two on a small machine.
    if (printed && seen.sample && std::abs(printed->number - seen.sample->oom_score) <= 2) {
        return;
    }
    Card card{
        .expected =
            fmt::format("the line \"{}N\" is on stdout before the program sleeps, and N is what others "
                        "read in /proc/PID/oom_score",
                        line),
        .observed = printed ? fmt::format("\"{}{}\"", line, printed->number)
                            : "no such line while the program ran: " + seen.run.describe(),
        .evidence = fmt::format("$ {}\n{}", experiment.command(), stdout_of(seen.run)),
        .why =
            "Into a pipe or a file, stdout is buffered: flush each line, or set line buffering (setvbuf), else "
            "the last lines of a program that is killed are lost.",
        .next = build_and_run(experiment) + " | cat",
    };
    if (seen.sample) {
        card.evidence = fmt::format("$ {}\n/proc/PID/oom_score, read from outside: {}", experiment.command(),
                                    seen.sample->oom_score);
    }
    fail(card);
}

TEST(OomScore, PrintsTheScoreThatTheKernelGave) {
    const evidence::SyscallRun& run = by_options.get();
    const auto lines = run.paced_lines();
    const Claims claims = claims_in(texts(lines));
    if (!claims.before || !answered(run, claims.before->number, 0, lines[claims.before->line].call)) {
        fail_run(
            run.run, options_given.doing("under strace"),
            {
                .expected = "\"oom_score before: N\", N being what the kernel answered when the program "
                            "read the file oom_score of its own /proc folder",
                .observed = claims.before
                                ? fmt::format("\"oom_score before: {}\", which no such read had answered",
                                              claims.before->number)
                                : "no line \"oom_score before: N\" on stdout",
                .evidence = evidence_about_scores(run),
                .next = build_and_run(options_given, "strace -e trace=openat,read"),
            });
    }
    expect_same_from_outside(resting, at_rest.get(),
                             "oom_score before: ", claims_of(at_rest.get().run.out).before);
}

/// 0 is a number like any other: whoever was started with another value is set back by it.
void expect_zero_written() {
    const evidence::SyscallRun& run = set_to_zero.get();
    const evidence::SystemCall* write = first_write_of_adj(run);
    const bool written = write != nullptr && number_of(write->data) == 0;
    if (written && (write->failed() || claims_of(run.run.out).after)) {
        return;
    }
    fail_run(
        run.run, zero.doing("under strace"),
        {
            .expected =
                "with --adj 0 a write of 0 to its own oom_score_adj, and a line \"oom_score after: N\"",
            .observed = written ? "0 was written, but there is no line \"oom_score after: N\""
                                : "no such write: 0 was taken for \"no --adj\"",
            .evidence = evidence_about_scores(run),
            .why =
                "A process inherits its oom_score_adj, and 0 sets it back. So 0 cannot stand for \"nothing "
                "was asked for\" in your program: std::optional<int>, or a bool beside the number, can.",
            .next = build_and_run(zero, "strace -e trace=openat,write"),
        });
}

const std::string why_not_more =
    "Whoever starts a program decides how likely a victim it is: by --adj, or by the value that it inherits. A "
    "program that changes it behind their back may cost another one its life.";

void expect_no_other_write(const Experiment& experiment, const evidence::SyscallRun& run,
                           std::optional<std::int64_t> adj) {
    const evidence::SystemCall* write = unasked_write(run, adj);
    if (write == nullptr) {
        return;
    }
    fail({
        .expected = adj ? fmt::format("no other write to an oom_score_adj than of {}", *adj)
                        : "no write to an oom_score_adj without --adj",
        .observed = "a write of " + excerpt(write->data, 1),
        .evidence = fmt::format("$ {}\n{}", experiment.command(), write->row),
        .why = why_not_more,
        .next = build_and_run(experiment, "strace -e trace=openat,write"),
    });
}

/// What the kernel has made of what was written. ReadsTheScoreAgainAfterwards tells of a missing line.
void expect_adj(int adj, const Experiment& experiment, const Asleep& seen, const std::string& why) {
    if (!seen.sample || seen.sample->oom_score_adj == adj) {
        return;
    }
    fail({
        .expected = fmt::format("an oom_score_adj of {} when the program sleeps", adj),
        .observed = fmt::format("an oom_score_adj of {}", seen.sample->oom_score_adj),
        .evidence = fmt::format("$ {}\n/proc/PID/oom_score_adj, read from outside: {}", experiment.command(),
                                seen.sample->oom_score_adj),
        .why = why,
        .next = build_and_run(experiment) + " & sleep 1; cat /proc/$!/oom_score_adj",
    });
}

TEST(OomScore, WritesTheAdjustmentBeforeItGrows) {
    const evidence::SyscallRun& run = adjusted.get();
    const auto write = accepted_write(run, drawn_adj);
    const auto too_early = Growth(run.calls).gained_at_once(4 * mebibyte, write.value_or(0));
    if (!write || too_early) {
        fail_run(
            run.run, with_drawn_adj.doing("under strace"),
            {
                .expected = fmt::format(
                    "a write of {} to the file oom_score_adj of its own /proc folder, before the first chunk is allocated",
                    drawn_adj),
                .observed =
                    too_early ? "a chunk was allocated first" : "no such write that the kernel accepted",
                .evidence = too_early ? too_early->row : evidence_about_scores(run),
                .next = build_and_run(with_drawn_adj, "strace -e trace=openat,write,mmap"),
            });
    }
    expect_no_other_write(with_drawn_adj, run, drawn_adj);
    expect_no_other_write(options_given, by_options.get(), std::nullopt);
    expect_adj(90, resting, at_rest.get(), why_not_more);
    expect_adj(250, raised_by_250, raised.get(), {});
    expect_adj(
        250, octal_looking, raised_by_0250.get(),
        "The kernel reads the number as C does: it takes one that begins with 0 for octal. Write the number "
        "that you have read, and not the text as it was typed.");
    expect_zero_written();
}

TEST(OomScore, ReadsTheScoreAgainAfterwards) {
    const evidence::SyscallRun& run = adjusted.get();
    const auto lines = run.paced_lines();
    const Claims claims = claims_in(texts(lines));
    const auto write = accepted_write(run, drawn_adj);
    const bool fresh =
        claims.after && write && answered(run, claims.after->number, *write, lines[claims.after->line].call);
    const bool higher = claims.after && (!claims.before || claims.after->number > claims.before->number);
    if (!fresh || !higher) {
        std::string observed = "no line \"oom_score after: N\" on stdout";
        if (claims.after) {
            observed = fmt::format(
                "\"oom_score after: {}\", {}", claims.after->number,
                fresh ? "which is not more than before" : "which no read after the write had answered");
        }
        fail_run(
            run.run, with_drawn_adj.doing("under strace"),
            {
                .expected = "a line \"oom_score after: N\", N being what the kernel answered to a read that "
                            "followed the write, and more than before",
                .observed = observed,
                .evidence = evidence_about_scores(run),
                .next = build_and_run(with_drawn_adj, "strace -e trace=openat,read,write"),
            });
    }
    expect_same_from_outside(raised_by_250, raised.get(),
                             "oom_score after: ", claims_of(raised.get().run.out).after);
}

}  // namespace
