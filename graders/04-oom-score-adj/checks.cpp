// Grader of activity 4: whom does the OOM killer choose?
//
// The student's program prints its pid, its OOM score before and after a change, and how much it has
// allocated. Nothing of that is believed because it was printed:
//   - strace shows which files the program asked, what the kernel answered, what it wrote and how that was
//     refused, every chunk of memory that the kernel handed out, and how long the program asked to sleep;
//   - /proc/PID, read from outside while the program sleeps, is the second witness;
//   - in an arena two instances run out of memory together, and the kernel tells who was killed.
// No score is compared with a constant: a small process reads 666 on a kernel since 5.9, and 0 before. The
// answers to the questions are measured on this machine with a probe of our own.

#include <fmt/format.h>
#include <linux/oom.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "claims.hpp"
#include "growth.hpp"
#include "kernel_answers.hpp"
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

constexpr std::uint64_t mebibyte = 1U << 20U;
const std::string compile = "g++ -std=c++20 -g -O0 -Wall -Wextra oom_score.cpp -lfmt -o oom_score";

// ---- Runs ----

/// A program that ignores its own limit gets NULL from malloc long before the machine suffers.
process::Limits cautious() {
    process::Limits limits;
    limits.wall = 20s;
    limits.address_space_bytes = 1024 * mebibyte;
    return limits;
}

evidence::SyscallRun record(Lab& lab, std::vector<std::string> arguments) {
    evidence::SyscallOptions options;
    options.arguments = std::move(arguments);
    options.limits = cautious();
    return lab.syscalls(lab.program("oom_score"), options);
}

Watched watch_until(Lab& lab, std::vector<std::string> arguments, const std::string& line) {
    grading::NativeOptions options;
    options.arguments = std::move(arguments);
    options.limits = cautious();
    options.limits.wall = 10s;
    return watch(lab, lab.program("oom_score"), options, line);
}

/// `first` sleeps when it has printed `lines` lines; then `second` grows. All is over when that has ended.
arena::Outcome compete(Lab& lab, process::Job first, int lines, process::Job second) {
    arena::Request request;
    request.memory_bytes = 64 * mebibyte;
    request.contestants = {{.job = std::move(first)}, {.job = std::move(second), .start_after_lines = lines}};
    for (auto& contestant : request.contestants)
        contestant.job.limits = cautious();
    request.over_when_ended = 1;
    return lab.arena(request);
}

// ---- Evidence: each run is made once and shared by the checks that need it ----

Shared<evidence::SyscallRun> by_default{[](Lab& lab) { return record(lab, {"--limit-mb", "300"}); }};
Shared<evidence::SyscallRun> by_options{[](Lab& lab) {
    return record(lab, {"--chunk-mb", "7", "--limit-mb", "21", "--pause", "3"});
}};
Shared<evidence::SyscallRun> adjusted{[](Lab& lab) {
    return record(lab, {"--adj", "321", "--chunk-mb", "8", "--limit-mb", "16", "--pause", "0"});
}};
Shared<evidence::SyscallRun> too_low{[](Lab& lab) {
    return record(lab, {"--adj", "-999", "--chunk-mb", "8", "--limit-mb", "16"});
}};
Shared<evidence::SyscallRun> out_of_range{[](Lab& lab) {
    return record(lab, {"--adj", "5000", "--chunk-mb", "8", "--limit-mb", "16"});
}};
Shared<Watched> at_rest{[](Lab& lab) {
    return watch_until(lab, {"--chunk-mb", "1", "--pause", "600"}, "oom_score before: ");
}};
Shared<Watched> raised{[](Lab& lab) {
    return watch_until(lab, {"--adj", "250", "--chunk-mb", "1", "--pause", "600"}, "oom_score after: ");
}};
Shared<Watched> grown{[](Lab& lab) { return watch_until(lab, {"--chunk-mb", "64", "--pause", "5"}, "0x"); }};
Shared<evidence::SyscallRun> starved{[](Lab& lab) {
    evidence::SyscallOptions options;
    options.arguments = {"--chunk-mb", "100", "--limit-mb", "2000", "--pause", "0"};
    options.limits = cautious();
    options.limits.address_space_bytes = 512 * mebibyte;
    return lab.syscalls(lab.program("oom_score"), options);
}};
/// Nobody traces this one: its one sleep between two chunks takes its time.
Shared<process::Run> untraced{[](Lab& lab) {
    grading::NativeOptions options;
    options.arguments = {"--chunk-mb", "1", "--limit-mb", "2", "--pause", "1"};
    options.limits = cautious();
    return lab.native(lab.program("oom_score"), options);
}};
/// The small one has the highest oom_score_adj that there is, the other one grows. Both together need 72 of
/// the arena's 64 MiB, the larger one alone has room: so just one dies, and who died first is no matter of
/// timing. Pauses of seconds, so that a program may sleep before a chunk as well as after it.
Shared<arena::Outcome> small_against_growing{[](Lab& lab) {
    const auto& program = lab.program("oom_score");
    return compete(lab, lab.job(program, {"--adj", "1000", "--chunk-mb", "16", "--pause", "5"}), 4,
                   lab.job(program, {"--chunk-mb", "28", "--limit-mb", "56", "--pause", "1"}));
}};
/// The same contest between two instances of our own probe.
Shared<arena::Outcome> probe_against_probe{[](Lab& lab) {
    const auto probe = lab.probe("probes/kernel_facts.cpp");
    return compete(lab, lab.job(probe, {"hold", "1000", "16"}), 1, lab.job(probe, {"grow", "56"}));
}};
/// The smallest and the largest value that oom_score_adj takes on this machine.
Shared<std::pair<std::int64_t, std::int64_t>> range_of_adj{[](Lab& lab) {
    grading::NativeOptions options;
    options.arguments = {"range"};
    const process::Run run = lab.native(lab.probe("probes/kernel_facts.cpp"), options);
    std::pair<std::int64_t, std::int64_t> range;
    if (!(std::istringstream(run.out) >> range.first >> range.second))
        grading::raise(
            {process::ErrorKind::failed, "the probe of oom_score_adj said nothing: " + run.describe(), {}});
    return range;
}};

// ---- Questions to ask of the evidence ----

std::vector<std::string> texts(const std::vector<evidence::PacedLine>& lines) {
    std::vector<std::string> all;
    all.reserve(lines.size());
    for (const auto& line : lines) {
        all.push_back(line.text);
    }
    return all;
}

Claims claims_of(const std::string& out) {
    std::vector<std::string> lines;
    std::istringstream stream(out);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return claims_in(lines);
}

std::string evidence_about_scores(const evidence::SyscallRun& run) {
    const std::string rows = rows_about_scores(run);
    return rows.empty() ? "strace saw no call on a file named oom_score or oom_score_adj" : excerpt(rows);
}

std::string stdout_of(const process::Run& run) {
    return run.out.empty() ? "stdout is empty" : "stdout:\n" + excerpt(run.out);
}

/// Fails with reason timed-out, output-limit or crashed if the program came to such an end, else with the
/// card.
[[noreturn]] void fail_run(const process::Run& run, const std::string& doing, Card card) {
    grading::expect_exit(run, doing);
    fail(std::move(card));
}

TEST(OomScore, PrintsItsOwnProcessId) {
    const evidence::SyscallRun& run = by_options.get();
    const Claims claims = claims_of(run.run.out);
    if (claims.pid && claims.pid->number == run.run.inner_pid) {
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

void expect_report_of_refusal(const evidence::SyscallRun& run, int adj, const std::string& usual_reason) {
    const evidence::SystemCall* write = first_write_of_adj(run);
    if (write != nullptr && !write->failed() && number_of(*write) == adj) {
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
    expect_report_of_refusal(too_low.get(), -999, "EACCES");
    expect_report_of_refusal(out_of_range.get(), 5000, "EINVAL");
}

/// What is wrong with the growth of a run, and the row that shows it; nothing when all is right.
struct Flaw {
    std::string observed;
    std::string evidence;
};

std::optional<Flaw> flaw_of_lines(const Claims& claims, const process::Run& run, std::uint64_t chunk_mb,
                                  std::size_t chunks) {
    if (claims.unexpected) {
        return Flaw{"a line that does not belong there: " + excerpt(*claims.unexpected, 1), stdout_of(run)};
    }
    for (std::size_t i = 0; i < std::min(chunks, claims.chunks.size()); ++i) {
        if (claims.chunks[i].total_mb != (i + 1) * chunk_mb) {
            return Flaw{fmt::format("chunk {} is reported as {} MB", i + 1, claims.chunks[i].total_mb),
                        stdout_of(run)};
        }
    }
    if (claims.chunks.size() != chunks) {
        return Flaw{fmt::format("{} lines \"ADDRESS TOTAL MB\"", claims.chunks.size()), stdout_of(run)};
    }
    return std::nullopt;
}

/// Whether this much sleep is the pause. A program that sleeps until a moment (std::this_thread::sleep_until)
/// has used up a little of it before it asks.
bool is_pause(std::chrono::nanoseconds slept, std::chrono::seconds pause) {
    return slept <= pause && slept + 50ms > pause;
}

/// Exactly `pause` between two chunks; a program may also sleep once before the first and once after the
/// last.
std::optional<Flaw> flaw_of_pauses(const evidence::SyscallRun& run,
                                   const std::vector<evidence::PacedLine>& lines, const Claims& claims,
                                   std::chrono::seconds pause) {
    const auto in_seconds = [](std::chrono::nanoseconds time) {
        return fmt::format("{:g} s", std::chrono::duration<double>(time).count());
    };
    for (std::size_t i = 1; i < claims.chunks.size(); ++i) {
        const std::size_t call = lines[claims.chunks[i].line].call;
        if (call == lines[claims.chunks[i - 1].line].call) {
            return Flaw{"several lines left the program together, by one write: they were not flushed",
                        run.calls[call].row};
        }
    }
    for (std::size_t i = 0; i < claims.chunks.size(); ++i) {
        const auto slept = lines[claims.chunks[i].line].slept_before;
        if (!is_pause(slept, pause) && (i > 0 || slept != 0s)) {
            return Flaw{fmt::format("it slept {} before chunk {}", in_seconds(slept), i + 1),
                        run.calls[lines[claims.chunks[i].line].call].row};
        }
    }
    if (const auto slept = run.slept_after_last_line(); !is_pause(slept, pause) && slept != 0s) {
        return Flaw{fmt::format("it slept {} after the last chunk", in_seconds(slept)), stdout_of(run.run)};
    }
    return std::nullopt;
}

/// Every printed address is that of a chunk of the right size, which the kernel handed out since the line
/// before, and which was kept at least until the last line.
std::optional<Flaw> flaw_of_chunks(const evidence::SyscallRun& run,
                                   const std::vector<evidence::PacedLine>& lines, const Claims& claims,
                                   std::uint64_t bytes) {
    const Growth growth(run.calls);
    // With brk a chunk may begin in what was left of the heap: glibc keeps 128 KiB of it in stock.
    constexpr std::uint64_t stock = 256U << 10U;
    const std::size_t last_call = lines[claims.chunks.back().line].call;
    std::size_t from = 0;
    for (const auto& chunk : claims.chunks) {
        const std::size_t call = lines[chunk.line].call;
        const auto region = growth.gained(chunk.address + bytes - 1, from, call);
        if (!region || region->bytes + stock < bytes) {
            return Flaw{
                fmt::format("no {} bytes at {:#x} were handed out by the kernel before the line \"{}\"",
                            bytes, chunk.address, lines[chunk.line].text),
                region ? region->row : run.calls[call].row};
        }
        // A block that is grown by realloc holds all chunks so far.
        const std::uint64_t so_far = chunk.total_mb * mebibyte;
        if (region->bytes > so_far + so_far / 4 + 4 * mebibyte) {
            return Flaw{fmt::format("{} bytes for {} MB", region->bytes, chunk.total_mb), region->row};
        }
        if (const auto lost = growth.lost(chunk.address, call, last_call)) {
            return Flaw{"a chunk was given back to the kernel", lost->row};
        }
        from = call;
    }
    return std::nullopt;
}

void expect_growth(const evidence::SyscallRun& run, const std::string& arguments, std::uint64_t chunk_mb,
                   std::size_t chunks, std::chrono::seconds pause) {
    const auto lines = run.paced_lines();
    const Claims claims = claims_in(texts(lines));
    auto flaw = flaw_of_lines(claims, run.run, chunk_mb, chunks);
    if (!flaw) {
        flaw = flaw_of_pauses(run, lines, claims, pause);
    }
    if (!flaw) {
        flaw = flaw_of_chunks(run, lines, claims, chunk_mb * mebibyte);
    }
    const std::string command = "./oom_score " + arguments;
    if (!flaw && !run.run.succeeded()) {
        flaw = Flaw{"all lines are right, but the end is not: " + run.run.describe(), stdout_of(run.run)};
    }
    if (!flaw) {
        return;
    }
    const Card card{
        .expected =
            fmt::format("{}: {} chunks of {} MB ({} bytes) each, {} s of sleep between two of them, a line "
                        "\"ADDRESS TOTAL MB\" for each, none given back, exit status 0 at the limit",
                        command, chunks, chunk_mb, chunk_mb * mebibyte, pause.count()),
        .observed = flaw->observed,
        .evidence = flaw->evidence,
        .why =
            "Growth that is known in size and pace can be compared with what the kernel counts. A big block "
            "comes from the kernel by mmap (or brk), which strace shows with its length and address; sleep "
            "shows as clock_nanosleep with its exact duration. 1 MB is 1024 * 1024 bytes here.",
        .next = compile + " && strace -e trace=mmap,munmap,clock_nanosleep,write " + command,
    };
    fail_run(run.run, "running " + command + " under strace", card);
}

TEST(OomScore, Allocates100MegabytesEvery2Seconds) {
    expect_growth(by_default.get(), "--limit-mb 300", 100, 3, 2s);
}

TEST(OomScore, ObeysChunkLimitAndPause) {
    expect_growth(by_options.get(), "--chunk-mb 7 --limit-mb 21 --pause 3", 7, 3, 3s);

    const process::Run& run = untraced.get();
    if (!run.succeeded() || run.elapsed < 1s) {
        fail_run(run, "running oom_score --chunk-mb 1 --limit-mb 2 --pause 1",
                 {
                     .expected = "the same behaviour whether strace watches or not: with --chunk-mb 1 "
                                 "--limit-mb 2 --pause 1 a run of at least one second, exit status 0",
                     .observed = fmt::format("{}, after {:.3f} s", run.describe(), run.elapsed.count()),
                     .evidence = stdout_of(run),
                     .why = "The pause is there so that you can look at the process while it grows.",
                     .next = compile + " && time ./oom_score --chunk-mb 1 --limit-mb 2 --pause 1",
                 });
    }
}

TEST(OomScore, TouchesEveryPageItCounts) {
    const Watched& watched = grown.get();
    // Memory that was asked for and written to is anonymous; kernels before 4.5 only tell the resident set as
    // a whole.
    const std::uint64_t resident = !watched.sample                        ? 0
                                   : watched.sample->anonymous_bytes != 0 ? watched.sample->anonymous_bytes
                                                                          : watched.sample->resident_bytes;
    if (watched.sample && resident >= 64 * mebibyte) {
        return;
    }
    fail({
        .expected =
            "with --chunk-mb 64 at least 65536 kB of memory in use when the first chunk has been reported",
        .observed = watched.sample
                        ? fmt::format("{} kB", resident / 1024)
                        : "no line \"ADDRESS TOTAL MB\" while the program ran: " + watched.run.describe(),
        .evidence = watched.sample
                        ? fmt::format("/proc/PID/status, read from outside: RssAnon: {} kB, VmSize: {} kB",
                                      resident / 1024, watched.sample->virtual_bytes / 1024)
                        : stdout_of(watched.run),
        .why = "malloc reserves addresses (VmSize). The kernel gives a page of memory only when something is "
               "written to that page, and only pages of memory count for the score and for a limit. One byte "
               "in each page is enough; one byte in each chunk is not, and neither are the zeroes of calloc, "
               "for pages fresh from the kernel are zero already.",
        .next =
            compile +
            "; ./oom_score --chunk-mb 64 --limit-mb 128 & sleep 1; grep -E 'VmSize|RssAnon' /proc/$!/status",
    });
}

TEST(OomScore, ReportsNullFromMalloc) {
    const evidence::SyscallRun& watched = starved.get();
    const process::Run& run = watched.run;
    const auto refusal = Growth(watched.calls).first_refusal();
    const bool grew = !claims_of(run.out).chunks.empty();
    if (refusal && grew && run.status.exited_with(3) && run.err.starts_with("oom_score: ")) {
        return;
    }
    const Card card{
        .expected =
            "chunk after chunk until malloc returns NULL; then a message on stderr that begins with "
            "\"oom_score: \", and exit status 3",
        .observed =
            fmt::format("{}; {}", run.err.empty() ? "nothing on stderr" : "stderr: " + excerpt(run.err, 2),
                        run.describe()),
        .evidence = (refusal ? "strace saw what malloc was refused: " + *refusal
                             : "strace saw no memory refused, so malloc had no reason to return NULL") +
                    "\n" + stdout_of(run),
        .why =
            "The limit on the address space (ulimit -v) makes malloc return NULL long before memory is "
            "short. That is no OOM kill: nobody is killed, and the program can still say what happened.",
        .next = compile + " && (ulimit -v 524288; ./oom_score --pause 0; echo $?)",
    };
    fail_run(run, "running oom_score under a limit of 512 MiB on its address space", card);
}

/// How the kernel told of a contestant's death, or how else it ended.
std::string end_of(const arena::ContestantResult& contestant) {
    if (!contestant.log_record) {
        return contestant.run.describe();
    }
    // /dev/kmsg begins a record with numbers and a semicolon.
    const std::string& row = contestant.log_record->row;
    return row.substr(row.find(';') + 1);
}

TEST(OomScore, DiesFirstWithTheHigherScore) {
    const arena::Outcome& outcome = small_against_growing.get();
    const auto& small = outcome.contestants[0];
    const auto& growing = outcome.contestants[1];
    // A program that ignores --limit-mb dies too, but later.
    if (small.oom_killed && (!growing.oom_killed || small.died_as < growing.died_as)) {
        return;
    }
    fail({
        .expected = "two instances in an arena of 64 MiB, one with --adj 1000 --chunk-mb 16 that sleeps, one "
                    "without --adj that grows to 56 MiB: the kernel kills the small one first",
        .observed =
            fmt::format("the small one: {}; the growing one: {}; OOM kills counted by the kernel: {}",
                        small.oom_killed ? "OOM-killed" : small.run.describe(),
                        growing.oom_killed ? "OOM-killed" : growing.run.describe(), outcome.oom_kills),
        .evidence = "the small one: " + end_of(small) + "\nthe growing one: " + end_of(growing),
        .why = "oom_score_adj counts in thousandths of the memory that ran out: a small process that has "
               "written a large one is a better victim than a process that fills the arena. It takes a real "
               "write to the file, pages that are really touched, and four lines flushed before the first "
               "sleep. A death that the kernel did not cause does not count.",
        .next = "../../scripts/lab run 4 -- --adj 1000 --chunk-mb 16",
    });
}

/// `large` must have exempted itself: it holds 40 MiB, and `growing` needs more than the 24 MiB that are
/// left.
arena::Outcome compete_with_exempted(Lab& lab, process::Job large, int lines, process::Job growing) {
    if (const auto allowed = arena::can_lower_oom_score_adj(); !allowed) {
        grading::raise(allowed.error());
    }
    large.oom_score_adj_floor = OOM_SCORE_ADJ_MIN;
    return compete(lab, std::move(large), lines, std::move(growing));
}

bool survived(const arena::Outcome& outcome) {
    const auto& large = outcome.contestants[0];
    return !large.oom_killed && large.run.ending == process::Ending::stopped &&
           outcome.contestants[1].oom_killed;
}

TEST(OomScore, SurvivesWhenExempted) {
    Lab& lab = grading::lab();
    const auto& program = lab.program("oom_score");
    const std::string lowest = std::to_string(OOM_SCORE_ADJ_MIN);
    const arena::Outcome outcome =
        compete_with_exempted(lab, lab.job(program, {"--adj", lowest, "--chunk-mb", "40", "--pause", "1"}), 4,
                              lab.job(program, {"--chunk-mb", "16", "--limit-mb", "512", "--pause", "0"}));
    if (survived(outcome)) {
        return;
    }
    const auto& large = outcome.contestants[0];
    fail({
        .expected = "two instances in an arena of 64 MiB, the one with 40 MiB exempted by its --adj, the "
                    "other one growing: the growing one is killed and the exempted one lives",
        .observed = fmt::format(
            "the exempted one: {}; the growing one: {}",
            large.oom_killed ? "OOM-killed" : large.run.describe(),
            outcome.contestants[1].oom_killed ? "OOM-killed" : outcome.contestants[1].run.describe()),
        .evidence = "the exempted one: " + end_of(large) + "\n" + excerpt(large.run.out + large.run.err),
        .why = "A process with that value is left out when the kernel looks for a victim, however large it "
               "is. Here the program was started so that it may lower its oom_score_adj, which is usually "
               "root's privilege; it has to write the number with its sign.",
        .next = "../../scripts/lab hint 4",
    });
}

// ---- answers.toml ----

TEST(OomScore, KnowsTheExemptingValue) {
    Lab& lab = grading::lab();
    const std::int64_t answer = lab.answers().integer("", "exempting_value");
    const auto [smallest, largest] = range_of_adj.get();
    // Where this machine allows it, the value is tried out: the header that we were built with might be
    // another kernel's.
    if (arena::can_lower_oom_score_adj()) {
        const auto probe = lab.probe("probes/kernel_facts.cpp");
        if (!survived(compete_with_exempted(lab,
                                            lab.job(probe, {"hold", std::to_string(OOM_SCORE_ADJ_MIN), "40"}),
                                            1, lab.job(probe, {"grow", "512"})))) {
            grading::raise(
                {process::ErrorKind::failed, "the documented value exempts nobody on this kernel", {}});
        }
    }
    if (answer == OOM_SCORE_ADJ_MIN && answer == smallest) {
        return;
    }
    fail({
        .expected =
            "the number that switches the OOM killer off for a process when it is written to oom_score_adj",
        .observed = fmt::format("exempting_value = {}", answer),
        .evidence =
            answer < smallest || answer > largest
                ? fmt::format("the kernel of this machine says \"Invalid argument\" to {}", answer)
                : fmt::format("{} is a valid value, but a process that has it is still a candidate", answer),
        .why =
            "One value is special: the kernel leaves out a process that has it, whatever its memory. It has "
            "a name of its own in the kernel's header. Values for the older file oom_adj are other numbers.",
        .next = "man 5 proc (look for oom_score_adj), and read /usr/include/linux/oom.h",
    });
}

TEST(OomScore, KnowsWhoDiesFirst) {
    const std::string answer = grading::lab().answers().choice("", "first_to_die", {"higher", "lower"});
    const arena::Outcome& outcome = probe_against_probe.get();
    const auto& likelier = outcome.contestants[0];  // the one with the higher score
    const auto& usual = outcome.contestants[1];
    if (!likelier.oom_killed && !usual.oom_killed) {
        grading::raise({process::ErrorKind::failed, "nobody was killed in a contest of two probes", {}});
    }
    const bool likelier_first =
        likelier.oom_killed && (!usual.oom_killed || likelier.died_as < usual.died_as);
    if (answer == (likelier_first ? "higher" : "lower")) {
        return;
    }
    fail({
        .expected = "what happens on this machine when two processes share 64 MiB and run out of them",
        .observed = fmt::format("first_to_die = \"{}\"", answer),
        .evidence =
            "one at oom_score_adj 1000: " + end_of(likelier) + "\none at oom_score_adj 0: " + end_of(usual),
        .why = "The score says how good a victim a process is: how much memory its death would bring, and "
               "what oom_score_adj adds to that.",
        .next = "../../scripts/lab run 4 -- --adj 1000 --chunk-mb 16",
    });
}

TEST(OomScore, KnowsTheRangeOfTheAdjustment) {
    const std::vector<std::int64_t> answer = grading::lab().answers().integers("", "score_range_of_adj");
    const auto [smallest, largest] = range_of_adj.get();
    if (answer.size() == 2 && answer[0] == smallest && answer[1] == largest) {
        return;
    }
    Card card{
        .expected = "[min, max]: the smallest and the largest number that can be written to oom_score_adj",
        .observed = fmt::format("{} numbers", answer.size()),
        .evidence = "score_range_of_adj in answers.toml",
        .why =
            "A number outside the range is refused with EINVAL, \"Invalid argument\". \"Permission denied\" "
            "(EACCES) means that the number is valid and only this process may not write it. The range of "
            "oom_score, which you read, is another one.",
        .next = "bash -c 'echo NUMBER > /proc/self/oom_score_adj' with several numbers",
    };
    if (answer.size() == 2) {
        card.observed = fmt::format("[{}, {}]", answer[0], answer[1]);
        const std::int64_t wrong = answer[0] != smallest ? answer[0] : answer[1];
        card.evidence =
            wrong < smallest || wrong > largest
                ? fmt::format("the kernel of this machine says \"Invalid argument\" to {}", wrong)
                : fmt::format("the kernel of this machine takes {}, and numbers beyond it too", wrong);
    }
    fail(card);
}

}  // namespace
