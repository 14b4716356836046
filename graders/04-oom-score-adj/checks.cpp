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
// The other checks stand beside this file: growth_checks.cpp, contest_checks.cpp, machine_checks.cpp, in
// which a whole machine runs out of memory, and answers_checks.cpp.

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "claims.hpp"
#include "growth.hpp"
#include "kernel_answers.hpp"
#include "runs.hpp"
#include "vmlab/grading/agreement.hpp"
#include "vmlab/grading/grader.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using namespace vmlab;
using grading::Card;
using grading::excerpt;
using grading::fail;
using grading::Lab;
using grading::Shared;
using namespace oom_score;

Shared<evidence::SyscallRun> too_low{[](Lab& lab) {
    return record(lab, {"--adj", "-999", "--chunk-mb", "8", "--limit-mb", "16"});
}};
Shared<evidence::SyscallRun> out_of_range{[](Lab& lab) {
    return record(lab, {"--adj", "5000", "--chunk-mb", "8", "--limit-mb", "16"});
}};
Shared<process::Run> too_low_untraced{[](Lab& lab) {
    return run_untraced(lab, {"--adj", "-999", "--chunk-mb", "8", "--limit-mb", "16"});
}};
Shared<process::Run> out_of_range_untraced{[](Lab& lab) {
    return run_untraced(lab, {"--adj", "5000", "--chunk-mb", "8", "--limit-mb", "16"});
}};
Shared<Watched> at_rest{[](Lab& lab) {
    return watch_until(lab, {"--chunk-mb", "1", "--pause", "600"}, "oom_score before: ");
}};
Shared<evidence::SyscallRun> set_to_zero{[](Lab& lab) {
    return record(lab, {"--adj", "0", "--chunk-mb", "1", "--limit-mb", "1", "--pause", "0"});
}};
Shared<Watched> raised{[](Lab& lab) {
    return watch_until(lab, {"--adj", "250", "--chunk-mb", "1", "--pause", "600"}, "oom_score after: ");
}};

/// The kernel's word on a run that nobody traced. No mistake makes a pid right under strace and wrong
/// without.
void expect_own_pid_untraced(const process::Run& traced) {
    const process::Run& run = untraced.get();
    const auto pid = claims_of(run.out).pid;
    if (!run.succeeded() || (pid && pid->number == run.inner_pid)) {
        return;
    }
    Card card{
        .expected = fmt::format("Process ID: {} when nobody traces it", run.inner_pid),
        .observed = pid ? fmt::format("Process ID: {} there, but the right one under strace", pid->number)
                        : "no line \"Process ID: PID\" there, but one under strace",
        .evidence = fmt::format("{}\nunder strace, {}", stdout_of(run), stdout_of(traced)),
        .why =
            "Points are given for what strace saw. A program that behaves better when it is watched cannot "
            "be judged by that. A person has to look at this submission.",
        .next = compile + "; ./oom_score --chunk-mb 1 --limit-mb 100 & echo $!",
    };
    grading::suspect_tampering(std::move(card));
}

TEST(OomScore, PrintsItsOwnProcessId) {
    const evidence::SyscallRun& run = by_options.get();
    const Claims claims = claims_of(run.run.out);
    if (claims.pid && claims.pid->number == run.run.inner_pid) {
        expect_own_pid_untraced(run.run);
        return;
    }
    const Card card{
        .expected = fmt::format("Process ID: {}", run.run.inner_pid),
        .observed = claims.pid ? fmt::format("Process ID: {}", claims.pid->number)
                               : "no line \"Process ID: PID\" on stdout",
        .evidence = stdout_of(run.run),
        .why =
            "With its pid you find the process in /proc, in ps and in the kernel's log after a kill. It is "
            "the number that getpid(2) returns; a parent has another one.",
        .next = compile + "; ./oom_score --limit-mb 100 & echo $!",
    };
    fail_run(run.run, "running oom_score under strace", card);
}

/// The second witness: /proc/PID/oom_score, read from outside when the line was on stdout.
void expect_same_from_outside(const Watched& watched, const std::string& line,
                              const std::optional<Claim>& printed) {
    // The program may grow by one MB between the two readings: a point or two on a small machine.
    if (printed && watched.sample && std::abs(printed->number - watched.sample->oom_score) <= 2) {
        return;
    }
    fail({
        .expected = fmt::format("the line \"{}N\" is on stdout before the program sleeps, and N is what "
                                "others read in /proc/PID/oom_score",
                                line),
        .observed = printed ? fmt::format("\"{}{}\"", line, printed->number)
                            : "no such line while the program ran: " + watched.run.describe(),
        .evidence = watched.sample
                        ? fmt::format("/proc/PID/oom_score, read from outside: {}", watched.sample->oom_score)
                        : stdout_of(watched.run),
        .why = "Into a pipe or a file, stdout is buffered: flush each line, or set line buffering (setvbuf), "
               "else the last lines of a program that is killed are lost.",
        .next = compile + " && ./oom_score --adj 250 --limit-mb 100 | cat",
    });
}

TEST(OomScore, PrintsTheScoreThatTheKernelGave) {
    const evidence::SyscallRun& run = by_options.get();
    const auto lines = run.paced_lines();
    const Claims claims = claims_in(texts(lines));
    if (!claims.before || !answered(run, claims.before->number, 0, lines[claims.before->line].call)) {
        const Card card{
            .expected =
                "\"oom_score before: N\", N being what the kernel answered when the program read the file "
                "oom_score of its own /proc folder",
            .observed = claims.before
                            ? fmt::format("\"oom_score before: {}\", which no such read had answered",
                                          claims.before->number)
                            : "no line \"oom_score before: N\" on stdout",
            .evidence = evidence_about_scores(run),
            .why =
                "The score is worked out by the kernel at the moment of the read. A constant, another file "
                "or another process's file tells something else: oom_score_adj is what you put on the "
                "scales, oom_score is what they show.",
            .next = compile + " && strace -e trace=openat,read ./oom_score --limit-mb 100",
        };
        fail_run(run.run, "running oom_score under strace", card);
    }

    expect_same_from_outside(at_rest.get(), "oom_score before: ", claims_of(at_rest.get().run.out).before);
}

/// 0 is a number like any other: whoever was started with another value is set back by it.
void expect_zero_written() {
    const evidence::SyscallRun& run = set_to_zero.get();
    const evidence::SystemCall* write = first_write_of_adj(run);
    const bool written = write != nullptr && number_of(write->data) == 0;
    if (written && (write->failed() || claims_of(run.run.out).after)) {
        return;
    }
    const Card card{
        .expected = "with --adj 0 a write of 0 to its own oom_score_adj, and a line \"oom_score after: N\"",
        .observed = written ? "0 was written, but there is no line \"oom_score after: N\""
                            : "no such write: 0 was taken for \"no --adj\"",
        .evidence = evidence_about_scores(run),
        .why =
            "A process inherits its oom_score_adj, and 0 sets it back. So 0 cannot stand for \"nothing was "
            "asked for\" in your program: std::optional<int>, or a bool beside the number, can.",
        .next = compile + " && strace -e trace=openat,write ./oom_score --adj 0 --chunk-mb 1 --limit-mb 1",
    };
    fail_run(run.run, "running oom_score --adj 0 under strace", card);
}

TEST(OomScore, WritesTheAdjustmentBeforeItGrows) {
    const evidence::SyscallRun& run = adjusted.get();
    const auto write = accepted_write(run, 321);
    const auto too_early = Growth(run.calls).gained_at_once(8 * mebibyte, write.value_or(0));
    Card card{
        .expected =
            "with --adj 321 a write of 321 to the file oom_score_adj of its own /proc folder, before the "
            "first chunk is allocated",
        .observed = too_early ? "a chunk was allocated first" : "no such write that the kernel accepted",
        .evidence = too_early ? too_early->row : evidence_about_scores(run),
        .why =
            "oom_score is read-only; oom_score_adj is the file to write. Do it before you use much memory: "
            "an OOM kill comes without notice, and the kernel goes by the value that is there at that "
            "moment.",
        .next = compile +
                " && strace -e trace=openat,write,mmap ./oom_score --adj 321 --chunk-mb 8 --limit-mb 16",
    };
    if (!write || too_early) {
        fail_run(run.run, "running oom_score --adj 321 under strace", card);
    }
    const Watched& watched = raised.get();
    if (watched.sample && watched.sample->oom_score_adj != 250) {
        card.expected = "with --adj 250 an oom_score_adj of 250 when the score after has been printed";
        card.observed = fmt::format("an oom_score_adj of {}", watched.sample->oom_score_adj);
        card.evidence =
            fmt::format("/proc/PID/oom_score_adj, read from outside: {}", watched.sample->oom_score_adj);
        fail(card);
    }
    expect_zero_written();
}

TEST(OomScore, ReadsTheScoreAgainAfterwards) {
    const evidence::SyscallRun& run = adjusted.get();
    const auto lines = run.paced_lines();
    const Claims claims = claims_in(texts(lines));
    const auto write = accepted_write(run, 321);
    const bool fresh =
        claims.after && write && answered(run, claims.after->number, *write, lines[claims.after->line].call);
    const bool higher = claims.after && (!claims.before || claims.after->number > claims.before->number);
    if (!fresh || !higher) {
        const Card card{
            .expected =
                "with --adj 321 a line \"oom_score after: N\", N being what the kernel answered to a read "
                "that "
                "followed the write, and more than before",
            .observed = claims.after ? fmt::format("\"oom_score after: {}\", {}", claims.after->number,
                                                   fresh ? "which is not more than before"
                                                         : "which no read after the write had answered")
                                     : "no line \"oom_score after: N\" on stdout",
            .evidence = evidence_about_scores(run),
            .why =
                "Only the kernel knows what became of the score: the formula has changed between versions, "
                "and a "
                "number that was read before the write is out of date. Read the file afresh; a stream that "
                "has "
                "reached its end gives nothing new.",
            .next = compile + " && strace -e trace=openat,read,write ./oom_score --adj 321 --limit-mb 100",
        };
        fail_run(run.run, "running oom_score --adj 321 under strace", card);
    }
    expect_same_from_outside(raised.get(), "oom_score after: ", claims_of(raised.get().run.out).after);
}

/// The kernel's reason in words, from strace's name of it.
std::string reason_in_words(const std::string& error) {
    return error == "EINVAL"  ? std::strerror(EINVAL)
           : error == "EPERM" ? std::strerror(EPERM)
                              : std::strerror(EACCES);
}

/// The same lines and the same end when nobody traces it, and the same message.
void expect_report_untraced(const process::Run& traced, const process::Run& untraced, int adj,
                            const std::string& message) {
    const std::string command = fmt::format("./oom_score --adj {} --limit-mb 100", adj);
    grading::expect_agreement(
        {"under strace", traced}, {"with nobody watching", untraced},
        {.apart = {.varying = {"Process ID: ", "oom_score "}}, .next = compile + " && " + command});
    if (untraced.err.find(message + "\n") != std::string::npos) {
        return;
    }
    fail({
        .expected = fmt::format("the line \"oom_score: {}\" on stderr, whoever watches", message),
        .observed = "under strace it is there, and with nobody watching it is not",
        .evidence = untraced.err.empty() ? "stderr is empty" : "stderr:\n" + excerpt(untraced.err),
        .why = "Points are given for what strace saw. That holds only if the program does the same when "
               "nobody looks.",
        .next = compile + " && " + command,
    });
}

void expect_report_of_refusal(const evidence::SyscallRun& run, const process::Run& untraced, int adj,
                              const std::string& usual_reason) {
    const evidence::SystemCall* write = first_write_of_adj(run);
    if (write != nullptr && !write->failed() && number_of(write->data) == adj) {
        return;  // this machine allows it, so there is no refusal to report
    }
    // A program may also find out by itself that a number is out of range.
    const bool asked = usual_reason == "EINVAL" || (write != nullptr && write->failed());
    const std::string reason =
        reason_in_words(write != nullptr && write->failed() ? write->error : usual_reason);
    const std::string message = fmt::format("cannot set oom_score_adj to {}: {}", adj, reason);
    const Claims claims = claims_of(run.run.out);
    const bool reported = run.run.err.find(message + "\n") != std::string::npos;
    const bool stopped = !claims.after && claims.chunks.empty() && run.run.status.exited_with(1);
    const auto allocated = Growth(run.calls).gained_at_once(8 * mebibyte, run.calls.size());
    if (asked && reported && stopped && !allocated) {
        expect_report_untraced(run.run, untraced, adj, message);
        return;
    }
    std::string observed = run.run.err.empty() ? "nothing on stderr" : "stderr: " + excerpt(run.run.err, 2);
    observed += "; " + run.run.describe();
    if (!asked) {
        observed += "; the kernel was never asked: no write to its own oom_score_adj was refused";
    }
    if (!stopped || allocated) {
        observed += "; the program did not stop there with exit status 1";
    }
    const Card card{
        .expected = fmt::format("with --adj {} the line \"oom_score: {}\" on stderr, nothing on stdout after "
                                "the score before, no allocation, exit status 1",
                                adj, message),
        .observed = observed,
        .evidence = evidence_about_scores(run) + (allocated ? "\n" + allocated->row : ""),
        .why =
            "A process without CAP_SYS_RESOURCE may raise its oom_score_adj, but not lower it below the last "
            "value that a privileged process gave it (EACCES); and some numbers are no valid value at all "
            "(EINVAL). The write is what fails, and with a buffer in between it happens at flush or close. A "
            "program that goes on believes itself protected when it is not.",
        .next = compile +
                fmt::format(" && strace -e trace=openat,write ./oom_score --adj {} --limit-mb 100", adj),
    };
    fail_run(run.run, fmt::format("running oom_score --adj {} under strace", adj), card);
}

TEST(OomScore, SaysWhyTheKernelRefused) {
    expect_report_of_refusal(too_low.get(), too_low_untraced.get(), -999, "EACCES");
    expect_report_of_refusal(out_of_range.get(), out_of_range_untraced.get(), 5000, "EINVAL");
}

/// A number that no int holds. README.md does not say who has to refuse it, the program or the kernel.
void expect_no_success_with_huge_adjustment(Lab& lab) {
    const std::string arguments = "--chunk-mb 1 --limit-mb 1 --adj 99999999999";
    const process::Run run =
        run_untraced(lab, {"--chunk-mb", "1", "--limit-mb", "1", "--adj", "99999999999"});
    if (!run.succeeded() && !claims_of(run.out).after) {
        return;
    }
    fail({
        .expected = fmt::format("./oom_score {}: a usage line and exit status 2, or the kernel's refusal and "
                                "exit status 1",
                                arguments),
        .observed = "it says nothing against that number: " + run.describe(),
        .evidence = stdout_of(run),
        .why = "A number that does not fit its type is not what was asked for. std::from_chars and strtol "
               "say so, if they are asked.",
        .next = fmt::format("{}; ./oom_score {}; echo $?", compile, arguments),
    });
}

TEST(OomScore, RefusesBadUsage) {
    Lab& lab = grading::lab();
    using Arguments = std::vector<std::string>;
    // A program that takes them ends soon all the same: at the limit, or when malloc returns NULL.
    for (const Arguments& wrong :
         {Arguments{"--bogus", "1"}, Arguments{"--adj"}, Arguments{"--adj", "5x"}, Arguments{"--pause", "x"},
          Arguments{"--chunk-mb", "1x"}, Arguments{"--limit-mb", "1x"}, Arguments{"--limit-mb", "none"}}) {
        Arguments arguments{"--pause", "0", "--chunk-mb", "1", "--limit-mb", "1"};
        arguments.insert(arguments.end(), wrong.begin(), wrong.end());
        grading::NativeOptions options;
        options.arguments = arguments;
        options.limits = cautious();
        options.limits.data_bytes = 256 * mebibyte;
        const process::Run run = lab.native(lab.program("oom_score"), options);
        if (run.status.exited_with(2) && run.out.empty() && !run.err.empty()) {
            continue;
        }
        const std::string command = fmt::format("./oom_score {}", fmt::join(arguments, " "));
        fail_run(
            run, "running " + command,
            {
                .expected = "a usage line on stderr, nothing on stdout, exit status 2",
                .observed = fmt::format(
                    "{}; {}", run.err.empty() ? "nothing on stderr" : "stderr: " + excerpt(run.err, 2),
                    run.describe()),
                .evidence = stdout_of(run),
                .why = "A program that takes a typing error for a number does something else than it was "
                       "told, and says nothing about it.",
                .next = fmt::format("{}; {}; echo $?", compile, command),
            });
    }
    expect_no_success_with_huge_adjustment(lab);
}

}  // namespace
