// Grader of activity 3.
//
// oom is run in several ways. Under Valgrind, whose allocation trace is the witness of which blocks there
// really were. Under strace, which lets every sleep return at once and notes how long it would have been.
// Under strace with a small address space (ulimit -v), until mmap fails. And in arenas, memory cgroups in
// which an OOM kill harms nobody: there the kernel counts its kills and the memory that was really used.
// "Killed" is believed to the kernel only, never to the program.
//
// obituary is given logs. Most are in logs/: they have the form that kernels 4.15 to 6.18 print and that
// dmesg, rsyslog, journalctl and /dev/kmsg add to; the process id, name and sizes are drawn anew each time,
// so that none can be learnt by heart. One log is this machine's own, of a kill made while grading. The
// predictions of answers.toml are compared with the same experiments, made here and now with the reference
// oom.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "oom_evidence.hpp"
#include "oom_output.hpp"
#include "recorded_log.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace vmlab;
using namespace vmlab::grading;
using namespace oom_evidence;
using namespace oom_output;
using namespace recorded_log;
using namespace std::chrono_literals;

// ---- oom: checks ----

TEST(Oom, AllocatesChunkAfterChunk) {
    const evidence::MemcheckRun& run = traced.get();
    expect_exit(run.run, "running " + odd_command + " under Valgrind");
    const std::vector<evidence::Block> blocks = chunks_of(run);
    std::uint64_t total = 0;
    std::size_t freed = 0;
    for (const evidence::Block& block : blocks) {
        total += block.size;
        freed += block.freed_at && *block.freed_at < blocks.back().allocated_at ? 1 : 0;
    }
    if (may_reach(total, odd_limit, odd_chunk) && freed == 0) {
        return;
    }
    fail(
        {.expected = fmt::format(
             "{} or {} blocks of {} bytes from malloc for --chunk {} --limit {}, none of them freed.",
             odd_limit / odd_chunk, odd_limit / odd_chunk + 1, odd_chunk, odd_chunk, odd_limit),
         .observed =
             fmt::format("Valgrind saw {} ({} bytes in all). Freed while others were still to come: {}.",
                         blocks.size(), total, freed),
         .evidence = blocks.empty()
                         ? "the allocation trace holds no call for that many bytes"
                         : run.trace.calls[blocks.front().freed_at.value_or(blocks.front().allocated_at)].row,
         .why = "Memory runs out by what is allocated and kept, not by what is printed. Blocks that are "
                "freed, or slices of one big block, make another experiment of it.",
         .next = build_oom + fmt::format("valgrind --trace-malloc=yes {} 2>&1 | grep -E '{}|free'",
                                         odd_command, odd_chunk)});
}

TEST(Oom, PrintsTheNewestBlockAndTheTotal) {
    const evidence::MemcheckRun& run = traced.get();
    expect_exit(run.run, "running " + odd_command + " under Valgrind");
    const std::vector<std::string> due = lines_due(chunks_of(run));
    std::vector<std::string> lines = lines_of(run.run.out);
    if (!lines.empty() && lines.back().starts_with("reached ")) {
        lines.pop_back();
    }
    if (lines == due && !due.empty()) {
        return;
    }
    fail({.expected = due.empty() ? "A line \"ADDRESS TOTAL\" after every second block."
                                  : fmt::format("These lines, after Valgrind's record of your blocks:\n{}",
                                                fmt::join(due, "\n")),
          .observed = lines.empty() ? "No line before \"reached\"."
                                    : excerpt(fmt::format("{}", fmt::join(lines, "\n"))),
          .evidence = chunks_of(run).empty()
                          ? fmt::format("no block of {} bytes in the allocation trace", odd_chunk)
                          : "the first block in the trace: " +
                                run.trace.calls[chunks_of(run).front().allocated_at].row,
          .why =
              "A line is due whenever 1048576 bytes or more have been allocated since the last line. It "
              "tells the address of the block that was allocated just now, and the total counts that block.",
          .next = build_oom + odd_command});
}

/// Whether this much sleep is the pause. A program that sleeps until a moment (std::this_thread::sleep_until)
/// has used up a little of it before it asks.
bool is_pause(std::chrono::nanoseconds slept, std::chrono::seconds pause) {
    return slept <= pause && slept + 50ms > pause;
}

/// A line at once, then one after each pause.
void expect_pause(const evidence::SyscallRun& run, std::chrono::seconds pause, const std::string& command) {
    expect_exit(run.run, "running " + command);
    Card card{
        .expected = fmt::format("Lines ADDRESS TOTAL: the first at once, each other after {} s of sleep.",
                                pause.count()),
        .observed = "",
        .evidence = fmt::format("$ {}\n{}", command, excerpt(run.run.out)),
        .why =
            "The pause leaves you time to look at the process in another terminal. A line that is not "
            "flushed stays in a buffer and comes too late, or never if the kernel kills the process first.",
        .next = build_oom + "strace -e trace=write,clock_nanosleep,nanosleep " + command};
    std::size_t told = 0;
    for (const evidence::PacedLine& line : run.paced_lines()) {
        if (!progress(line.text)) {
            continue;
        }
        const std::chrono::seconds due = told == 0 ? 0s : pause;
        ++told;
        if (!is_pause(line.slept_before, due)) {
            const std::chrono::duration<double> slept = line.slept_before;
            card.observed = fmt::format("{} s of sleep before line {}, instead of {} s.", slept.count(), told,
                                        due.count());
            card.evidence = run.calls[line.call].row;
            fail(card);
        }
    }
    if (told < 3) {
        card.observed = fmt::format("{} such lines: too few to measure a pause between them.", told);
        fail(card);
    }
}

TEST(Oom, SleepsThePauseAfterEachLine) {
    expect_pause(paced_by_default.get(), 2s, "./oom --limit 4194304 --no-touch");
    expect_pause(paced_otherwise.get(), 7s, "./oom --chunk 300000 --limit 4800000 --no-touch --pause 7");

    const std::string command = "./oom --limit 2097152 --no-touch --pause 1";
    const process::Run& run = untraced.get();
    expect_exit(run, "running " + command);
    if (run.elapsed < 1s) {
        fail(
            {.expected = "The same pauses whether strace watches or not.",
             .observed = fmt::format("With nobody watching, two lines and the pause of 1 s between them took "
                                     "{:.3f} s.",
                                     run.elapsed.count()),
             .evidence = fmt::format("$ {}\n{}", command, excerpt(run.out)),
             .why = "The pause leaves you time to look at the process in another terminal.",
             .next = build_oom + "time " + command});
    }
}

void expect_stop(std::uint64_t chunk, std::uint64_t limit) {
    const Arguments arguments{
        "--chunk", std::to_string(chunk), "--limit", std::to_string(limit), "--no-touch", "--pause", "0"};
    const std::string command = fmt::format("./oom {}", fmt::join(arguments, " "));
    const process::Run run = lab().native(lab().program("oom"), with<NativeOptions>(arguments));
    expect_exit(run, "running " + command);
    const std::optional<std::uint64_t> total = bytes_after("reached", last_line(run.out));
    if (run.succeeded() && total && may_reach(*total, limit, chunk) && run.out.ends_with('\n')) {
        return;
    }
    fail({.expected = fmt::format("The last line \"reached TOTAL bytes\", TOTAL {} {}, and exit status 0.",
                                  limit % chunk == 0 ? "being" : "less than one chunk away from", limit),
          .observed = fmt::format("\"{}\"{} and {}.", excerpt(last_line(run.out), 1),
                                  run.out.empty() || run.out.ends_with('\n') ? "" : " without a newline",
                                  run.describe()),
          .evidence = fmt::format("$ {}\n{}", command, excerpt(run.out)),
          .why = "A limit makes the experiment safe and repeatable. One block too many or too few is the "
                 "classic off-by-one of a loop.",
          .next = build_oom + command});
}

TEST(Oom, StopsAtTheLimit) {
    expect_stop(mebibyte, 3 * mebibyte);
    expect_stop(2'500'000, 6'000'000);
    expect_stop(1000, 1000);
}

TEST(Oom, ReportsNullFromMalloc) {
    const evidence::SyscallRun& run = with_little_address_space.get();
    const std::string command = "bash -c 'ulimit -v 131072; ./oom --limit 1073741824 --pause 0'";
    expect_exit(run.run, "running " + command);
    const std::vector<evidence::SystemCall> mappings = run.named("mmap");
    const auto refused = std::find_if(mappings.begin(), mappings.end(),
                                      [](const auto& call) { return call.error == "ENOMEM"; });
    // Blocks of 1 MiB: each has a line, so the line before the last told the same total.
    const std::optional<std::uint64_t> total =
        bytes_after("malloc returned NULL after", last_line(run.run.out));
    const bool true_total =
        total && *total == last_total(run.run.out) && *total > 64 * mebibyte && *total < 128 * mebibyte;
    if (true_total && refused != mappings.end() && run.run.status.exited_with(3)) {
        return;
    }
    fail({.expected = "The last line \"malloc returned NULL after TOTAL bytes\", TOTAL as on the line before "
                      "it; exit status 3.",
          .observed = fmt::format("\"{}\" and {}.", excerpt(last_line(run.run.out), 1), run.run.describe()),
          .evidence = refused == mappings.end()
                          ? "strace saw no mmap that was refused: the program did not get that far"
                          : refused->row,
          .why =
              "The kernel refuses address space here (ulimit -v), however much memory is free, and malloc "
              "can only pass that on. A program that does not look at the pointer writes to address 0 next.",
          .next = build_oom + command});
}

/// What an arena too small for `limit` bytes makes of it: all touched, the program is killed; untouched, it
/// reaches the limit.
void expect_touched(bool touch, const std::string& chunk) {
    constexpr std::uint64_t limit = 32 * mebibyte;
    const std::uint64_t memory = (touch ? 31 : 16) * mebibyte;
    const Arguments arguments{touch ? "--touch" : "--no-touch", "--chunk", chunk, "--limit",
                              std::to_string(limit)};
    const std::string command = fmt::format("./oom {} --pause 0", fmt::join(arguments, " "));
    const arena::Outcome outcome = in_arena(lab(), lab().program("oom"), memory, arguments);
    const arena::ContestantResult& oom = outcome.contestants.front();
    if (!oom.oom_killed) {
        expect_exit(oom.run, "running " + command);
    }
    if (touch ? oom.oom_killed
              : !oom.oom_killed && bytes_after("reached", last_line(oom.run.out)).value_or(0) >= limit) {
        return;
    }
    const std::uint64_t mib = memory / mebibyte;
    fail({.expected =
              touch ? fmt::format(
                          "32 MiB do not fit into an arena of {} MiB once every page of them is written to.",
                          mib)
                    : fmt::format("32 MiB that nobody writes to fit into an arena of {} MiB.", mib),
          .observed = fmt::format("\"{}\" and {}; OOM kills: {}.", excerpt(last_line(oom.run.out), 1),
                                  oom.run.describe(), outcome.oom_kills),
          .evidence = fmt::format(
              "$ {}\npeak of memory that the kernel charged to it: {} bytes", command,
              outcome.peak_bytes ? std::to_string(*outcome.peak_bytes) : "(not told by this kernel)"),
          .why = "The kernel finds a page frame for a page at the first write to it: not when malloc returns "
                 "it, and not at a read, which is shown a shared page of zeros. A page has "
                 "sysconf(_SC_PAGESIZE) bytes; one written byte in each is enough.",
          .next = fmt::format("../../scripts/lab run 3 --memory 256 -- {} --pause 1   # watch RSS",
                              fmt::join(arguments, " "))});
}

TEST(Oom, TouchesEveryPageOrNone) {
    expect_touched(true, "1048576");
    expect_touched(true, "6000");
    expect_touched(false, "1048576");
}

TEST(Oom, UntouchedGigabyteSurvivesIn64MiB) {
    const arena::Outcome& outcome = untouched.get();
    const arena::ContestantResult& oom = outcome.contestants.front();
    const std::string command = "./oom --no-touch --limit 1073741824 --pause 0";
    if (!oom.oom_killed) {
        expect_exit(oom.run, "running " + command + " in 64 MiB");
    }
    Card card{.expected = "The whole gigabyte allocated, \"reached ... bytes\", exit status 0, no OOM kill.",
              .observed = fmt::format("\"{}\" and {}; OOM kills: {}.", excerpt(last_line(oom.run.out), 1),
                                      oom.run.describe(), outcome.oom_kills),
              .evidence = oom.log_record ? oom.log_record->row
                                         : fmt::format("$ {}\n{}", command, excerpt(oom.run.out, 3)),
              .why =
                  "malloc hands out addresses. Until somebody writes to them no memory stands behind them, "
                  "so a process can own sixteen times as many addresses as there is memory.",
              .next = "../../scripts/lab run 3 --memory 64 -- --no-touch --limit 1073741824 --pause 0"};
    if (!oom.run.succeeded() || bytes_after("reached", last_line(oom.run.out)).value_or(0) < gibibyte) {
        fail(card);
    }
    // It touches nothing, so it may run once more outside of the arena, in bigger steps: are the addresses
    // real?
    Arguments arguments = untouched_gigabyte;
    arguments.insert(arguments.end(), {"--chunk", "16777216", "--pause", "0"});
    const std::int64_t grown =
        address_space_grown(lab().syscalls(lab().program("oom"), with<evidence::SyscallOptions>(arguments)));
    if (grown < static_cast<std::int64_t>(gibibyte)) {
        card.observed = fmt::format("It says so, but its address space grew by {} bytes only.", grown);
        card.evidence = "strace: what brk and mmap gave it, less what munmap took back";
        card.next =
            build_oom + fmt::format("strace -e trace=brk,mmap,munmap ./oom {}", fmt::join(arguments, " "));
        fail(card);
    }
    // And once with nobody tracing it.
    const Unwatched& unwatched = untraced_gigabyte.get();
    const std::string first_line = unwatched.run.out.substr(0, unwatched.run.out.find('\n'));
    const std::uint64_t claimed = last_total(first_line);
    if (unwatched.sample && unwatched.sample->virtual_bytes < claimed) {
        card.expected = fmt::format("An address space of at least the {} bytes that it reports.", claimed);
        card.observed = fmt::format("When nobody traces it, its address space has {} bytes.",
                                    unwatched.sample->virtual_bytes);
        card.evidence = fmt::format("/proc/PID/status, VmSize: {} kB; stdout: {}",
                                    unwatched.sample->virtual_bytes / 1024, first_line);
        card.next =
            build_oom +
            "./oom --no-touch --chunk 1073741824 --limit 2147483648 & sleep 1; grep VmSize /proc/$!/status";
        fail(card);
    }
}

TEST(Oom, TouchedGigabyteIsKilledByTheKernel) {
    const arena::Outcome& outcome = touched.get();
    const arena::ContestantResult& oom = outcome.contestants.front();
    const bool sigkill = oom.run.status.killed_by(9);
    if (!oom.oom_killed && !sigkill) {
        expect_exit(oom.run, "running ./oom --limit 1073741824 --pause 0 in 64 MiB");
    }
    Card card{
        .expected = "The kernel's OOM killer ends the program when the 64 MiB of its arena are full.",
        .observed =
            fmt::format("{}; OOM kills that the kernel counted: {}.", oom.run.describe(), outcome.oom_kills),
        .evidence = oom.log_record ? oom.log_record->row : fmt::format("oom_kill {}", outcome.oom_kills),
        .why = sigkill ? "Anybody may send a SIGKILL, a program even to itself. An OOM kill is one that the "
                         "kernel counts in the cgroup's oom_kill and writes into its log."
                       : "Every page that is written to needs a page frame. When the cgroup may have no more "
                         "of them and nothing can be given back, the kernel kills a process of that cgroup.",
        .next = "../../scripts/lab run 3 --memory 64 -- --chunk 4194304 --pause 1"};
    if (!oom.oom_killed) {
        fail(card);
    }
    if (last_total(oom.run.out) < 32 * mebibyte) {
        card.expected = "A line for each mebibyte up to the kill.";
        card.observed =
            fmt::format("It was killed, and the last TOTAL that it had written out by then is {}.",
                        last_total(oom.run.out));
        card.why =
            "SIGKILL cannot be caught: what still lies in a buffer is lost with the rest of the memory. "
            "Flush every line.";
        fail(card);
    }
}

// ---- obituary: checks ----

process::Run obituary(int pid, const std::string& log) {
    auto options = with<NativeOptions>({std::to_string(pid)});
    options.input = log;
    return lab().native(lab().program("obituary"), options);
}

/// Gathered in the background like all shared evidence, so that obituary is being built while oom runs.
Shared<process::Run> on_an_empty_log{[](Lab&) { return obituary(4321, ""); }};

/// The rows of a log that a person would look at: those that speak of a kill and name the pid.
std::string rows_on(int pid, const std::string& log) {
    std::string rows;
    for (const std::string& line : lines_of(log)) {
        if (line.find("Kill") != std::string::npos && line.find(std::to_string(pid)) != std::string::npos)
            rows += (rows.empty() ? "" : "\n") + line;
    }
    return rows;
}

void expect_obituary(const Victim& victim, const std::string& scope, const std::string& log,
                     const std::string& kind_of_log, const std::string& why) {
    const process::Run run = obituary(victim.pid, log);
    expect_exit(run, fmt::format("running ./obituary {} on a log ({})", victim.pid, kind_of_log));
    const std::string expected = fmt::format("killed {} ({}) total-vm={} anon-rss={} scope={}", victim.pid,
                                             victim.name, victim.total_vm_kb, victim.anon_rss_kb, scope);
    if (run.succeeded() && run.out == expected + "\n")
        return;
    fail({.expected = expected,
          .observed = run.out.empty() ? fmt::format("nothing on stdout, {}; on stderr: {}", run.describe(),
                                                    excerpt(run.err, 2))
                                      : fmt::format("{} ({})", excerpt(run.out, 3), run.describe()),
          .evidence = fmt::format("{}:\n{}", kind_of_log, rows_on(victim.pid, log)),
          .why = why,
          .next = fmt::format("g++ -std=c++20 -g -O0 -Wall -Wextra obituary.cpp -lfmt -o obituary && "
                              "./obituary {} < FILE   # FILE: the rows above",
                              victim.pid)});
}

void expect_no_kill(const process::Run& run, int pid, const std::string& log, const std::string& why) {
    expect_exit(run, fmt::format("running ./obituary {} on a log", pid));
    const std::vector<std::string> errors = lines_of(run.err);
    if (run.status.exited_with(1) && run.out.empty() && errors.size() == 1 &&
        errors.front().ends_with(fmt::format("no OOM kill of {}", pid)))
        return;
    fail({.expected = fmt::format(
              "Nothing on stdout, \"obituary: no OOM kill of {}\" on stderr, exit status 1.", pid),
          .observed = fmt::format("stdout \"{}\", stderr \"{}\", {}", excerpt(run.out, 2),
                                  excerpt(run.err, 2), run.describe()),
          .evidence = log.empty() ? "an empty log" : rows_on(pid, log),
          .why = why,
          .next = fmt::format("g++ -std=c++20 -g -O0 -Wall -Wextra obituary.cpp -lfmt -o obituary && "
                              "./obituary {} < FILE; echo $?   # FILE: the rows above",
                              pid)});
}

TEST(Obituary, ObituaryReadsEveryLogFormat) {
    struct Case {
        std::string file, scope, kind;
    };
    for (const Case& c :
         {Case{"linux-6.1-dmesg.log", "machine", "dmesg, Linux 6.1"},
          Case{"linux-5.3-dmesg.log", "machine", "dmesg, Linux 5.3, which prints fewer columns"},
          Case{"linux-5.4-dmesg-raw.log", "cgroup", "dmesg --raw, Linux 5.4"},
          Case{"linux-6.8-dmesg-T.log", "cgroup", "dmesg -T, Linux 6.8"},
          Case{"linux-5.15-kmsg.log", "cgroup", "/dev/kmsg, Linux 5.15"},
          Case{"linux-5.10-rsyslog-traditional.log", "cgroup", "rsyslog, old time stamps, Linux 5.10"},
          Case{"linux-6.12-rsyslog-rfc3339.log", "machine", "rsyslog, new time stamps, Linux 6.12"},
          Case{"linux-6.12-rsyslog-rfc3339-uptime.log", "machine",
               "rsyslog, new time stamps and the kernel's own, vm.oom_kill_allocating_task set"},
          Case{"linux-6.6-journalctl-short.log", "machine", "journalctl -k, Linux 6.6"},
          Case{"linux-6.18-journalctl-short-monotonic.log", "cgroup",
               "journalctl -k -o short-monotonic, Linux 6.18"}}) {
        const Victim victim = any_victim();
        expect_obituary(
            victim, c.scope, recorded(c.file, victim).text, c.kind,
            "The kernel writes the same text everywhere; dmesg, rsyslog and journald each put their own time "
            "stamp before it. Look for what the kernel wrote, not for a certain column.");
    }
}

TEST(Obituary, ObituaryReadsOldKernels) {
    struct Case {
        std::string file, scope, kind;
    };
    for (const Case& c :
         {Case{"linux-4.15-rsyslog-traditional-machine.log", "machine", "rsyslog, Linux 4.15"},
          Case{"linux-4.15-dmesg-cgroup.log", "cgroup", "dmesg, Linux 4.15"},
          Case{"linux-4.19-dmesg-T-child-sacrificed.log", "cgroup",
               "dmesg -T, Linux 4.19, a child was killed instead"},
          Case{"linux-4.19-rsyslog-rfc3339-group.log", "cgroup",
               "rsyslog, Linux 4.19, a whole cgroup was killed"},
          Case{"linux-5.0-journalctl-short.log", "machine", "journalctl -k, Linux 5.0"}}) {
        const Victim victim = any_victim();
        expect_obituary(victim, c.scope, recorded(c.file, victim).text, c.kind,
                        "Up to Linux 5.0 the line \"Killed process\" does not say whether the machine or a "
                        "cgroup was out of memory. The last \"... out of memory: Kill process\" line before "
                        "it does, and it may name another process: the parent.");
    }
}

TEST(Obituary, ObituaryFindsTheLastKillOfThePid) {
    Victim victim = any_victim();
    expect_obituary(victim, "machine", recorded("pid-reused.log", victim).text, "a log with a reboot in it",
                    "Process ids are used again, after a reboot or when the counter starts anew. The last "
                    "record is the one you want.");
    victim.pid = static_cast<int>(between(12, 999));
    expect_obituary(victim, "cgroup", recorded("pid-inside-other-pids.log", victim).text,
                    "a log with similar numbers",
                    "12 is a part of 123 and of 512 as text, but not as a number. And not every number on "
                    "the line is a process id.");
}

TEST(Obituary, ObituaryTakesAnyNameAndSize) {
    for (const std::string name :
         {"(sd-pam)", "Web Content", "kworker/u8:3-ev", "a) total-vm:1kB", "Killed process", ":-) [hog]"}) {
        Victim victim = any_victim();
        victim.name = name;
        expect_obituary(
            victim, "cgroup", recorded("any-name.log", victim).text, "a process with an unusual name",
            "A process chooses its own name (prctl PR_SET_NAME): up to 15 bytes of anything, blanks and "
            "brackets too. Nothing after the name can be chosen, so look for its end from the right.");
    }
    Victim sanitized = any_victim();
    sanitized.total_vm_kb = 21'474'900'000 + between(0, 99'999);
    expect_obituary(sanitized, "cgroup", recorded("any-name.log", sanitized).text,
                    "a program built with AddressSanitizer",
                    "Address space is cheap: sanitizers and some language runtimes reserve terabytes of it, "
                    "more kB than an int can hold.");
}

TEST(Obituary, ObituaryIgnoresOtherPrograms) {
    const Victim victim = any_victim();
    const Log log = recorded("other-programs.log", victim);
    const std::string why =
        "Every program may write any text to the syslog (try: logger 'Out of memory: Killed process 1 "
        "(init)'). The name before the first \": \" tells who spoke, and only the kernel knows whom its OOM "
        "killer killed.";
    expect_obituary(victim, "cgroup", log.text, "a syslog in which other programs quote the kernel", why);
    expect_no_kill(obituary(log.spared_pid, log.text), log.spared_pid, log.text, why);
}

TEST(Obituary, ObituarySaysWhenThereWasNoKill) {
    const Victim victim = any_victim();
    const Log log = recorded("not-killed.log", victim);
    const std::string why =
        "\"Kill process\" announces, \"Killed process\" reports. An old kernel may announce a process and "
        "then sacrifice one of its children: the announced one lives on.";
    expect_obituary(victim, "cgroup", log.text, "dmesg, Linux 4.19, a child was killed instead", why);
    expect_no_kill(obituary(log.spared_pid, log.text), log.spared_pid, log.text, why);
    expect_no_kill(
        on_an_empty_log.get(), 4321, "",
        "An empty log holds no kill. A script that calls obituary must be able to tell by the exit status.");
}

// ---- Experiments with the reference oom ----

Shared<arena::Outcome> reference_touched{[](Lab& lab) {
    return in_arena(lab, lab.reference("oom"), 256 * mebibyte, {"--limit", "1073741824"});
}};
Shared<arena::Outcome> reference_untouched{
    [](Lab& lab) { return in_arena(lab, lab.reference("oom"), 256 * mebibyte, untouched_gigabyte); }};
Shared<process::Run> reference_under_ulimit{[](Lab& lab) {
    auto options = with<NativeOptions>({"--no-touch", "--limit", "1073741824", "--pause", "0"});
    options.limits.address_space_bytes = 512 * mebibyte;
    return lab.native(lab.reference("oom"), options);
}};
/// A shell that starts oom, outlives it, and prints its exit status.
Shared<arena::Outcome> killed_below_a_shell{[](Lab& lab) {
    arena::Request request;
    process::Job job = lab.job(lab.reference("oom"), {"--pause", "0"});
    job.argv.insert(job.argv.begin(), {"/bin/sh", "-c", "\"$0\" \"$@\"; echo \"exit status $?\""});
    request.contestants.push_back({.job = std::move(job)});
    return lab.arena(request);
}};

TEST(Obituary, ObituaryReadsTheLogOfAKillJustMade) {
    const arena::Outcome& outcome = reference_touched.get();
    const arena::ContestantResult& oom = outcome.contestants.front();
    if (!oom.log_record) {
        cannot_judge(outcome.log_missing.value_or("the kernel's record of the kill did not reach the log"),
                     "Grade as root, or allow reading the kernel log: sudo sysctl kernel.dmesg_restrict=0");
    }
    const evidence::OomKill& kill = *oom.log_record;
    expect_obituary({kill.pid, kill.name, kill.total_vm_kb, kill.anon_rss_kb},
                    kill.scope == evidence::OomScope::machine ? "machine" : "cgroup", outcome.kernel_log,
                    "this machine's kernel log, a moment ago",
                    "Here the log is not a recorded one: the kernel that you are using has just written it.");
}

// ---- answers.toml: checks ----

std::string ending_of(const process::Run& run, bool oom_killed) {
    if (oom_killed)
        return "killed";
    return run.succeeded() ? "survives" : run.status.exited_with(3) ? "null" : run.describe();
}

void expect_prediction(const std::string& key, const std::string& seen, const std::string& why,
                       const std::string& next) {
    const std::string predicted = lab().answers().choice("prediction", key, {"killed", "survives", "null"});
    if (predicted == seen)
        return;
    fail({.expected = "What happened in the experiment that the grader has just made with a correct oom.",
          .observed = fmt::format("Your answer \"{}\" is not what happened.", predicted),
          .evidence = fmt::format("answers.toml: [prediction] {} = \"{}\"", key, predicted),
          .why = why,
          .next = next});
}

TEST(Answers, PredictsTheTouchedGigabyte) {
    const arena::ContestantResult& oom = reference_touched.get().contestants.front();
    expect_prediction("touched_gigabyte_in_256_mib", ending_of(oom.run, oom.oom_killed),
                      "A cgroup limits page frames, not addresses. Ask when oom needs a page frame, and what "
                      "happens when there is none.",
                      "Make the experiment: README.md, part 3, number 1.");
}

TEST(Answers, PredictsTheUntouchedGigabyte) {
    const arena::ContestantResult& oom = reference_untouched.get().contestants.front();
    expect_prediction("untouched_gigabyte_in_256_mib", ending_of(oom.run, oom.oom_killed),
                      "Compare what ps calls VSZ (addresses) with RSS (page frames) while oom --no-touch "
                      "runs. Which of the two does a cgroup limit?",
                      "Make the experiment: README.md, part 3, number 2.");
}

TEST(Answers, PredictsTheGigabyteUnderUlimit) {
    expect_prediction("gigabyte_under_ulimit_v_512_mib", ending_of(reference_under_ulimit.get(), false),
                      "ulimit -v is RLIMIT_AS: setrlimit(2) says which system calls fail beyond it, and "
                      "malloc(3) what malloc makes of that.",
                      "Make the experiment: README.md, part 3, number 3.");
}

TEST(Answers, PredictsTheExitStatus) {
    const std::string& out = killed_below_a_shell.get().contestants.front().run.out;
    const std::int64_t predicted = lab().answers().integer("prediction", "exit_status_seen_by_the_shell");
    if (last_line(out) == fmt::format("exit status {}", predicted))
        return;
    fail({.expected =
              "What sh printed for $? after the OOM killer had killed its child, in an arena, just now.",
          .observed = fmt::format("Your answer {} is not what it printed.", predicted),
          .evidence = fmt::format("answers.toml: [prediction] exit_status_seen_by_the_shell = {}", predicted),
          .why = "A process that a signal has killed has no exit status of its own, so the shell makes one "
                 "up from the signal's number.",
          .next = "man bash, section EXIT STATUS. kill -l lists the numbers of the signals."});
}

}  // namespace
