// Grader of activity 3: oom in arenas, memory cgroups in which an OOM kill harms nobody. There the kernel
// counts its kills and the memory that was really used: "Killed" is believed to the kernel only, never to the
// program.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <string>

#include "oom_evidence.hpp"
#include "oom_output.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace vmlab;
using namespace vmlab::grading;
using namespace oom_evidence;
using namespace oom_output;

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

arena::Outcome run_untouched(const Program& program, const Arguments& arguments) {
    return in_arena(lab(), program, 64 * mebibyte, arguments, 1024 * gibibyte);
}

/// With vm.overcommit_memory=2 a machine does not promise more than it has.
bool reference_reaches(const Arguments& arguments) {
    return run_untouched(lab().reference("oom"), arguments).contestants.front().run.succeeded();
}

/// More bytes than an int or an unsigned can count. Untouched, but in an arena all the same: whoever touches
/// them is killed there, and so is a program whose total never gets that far.
void expect_five_gigabytes_counted() {
    const Arguments arguments{"--no-touch", "--chunk", "16777216", "--limit", "5368709120"};
    const std::string command = fmt::format("./oom {} --pause 0", fmt::join(arguments, " "));
    const arena::Outcome outcome = run_untouched(lab().program("oom"), arguments);
    const arena::ContestantResult& oom = outcome.contestants.front();
    if (!oom.oom_killed) {
        expect_exit(oom.run, "running " + command + " in 64 MiB");
    }
    // StopsAtTheLimit tells of one block too many or too few.
    if (oom.run.succeeded() && bytes_after("reached", last_line(oom.run.out)).value_or(0) > 4 * gibibyte) {
        return;
    }
    if (oom.run.status.exited_with(3) && !reference_reaches(arguments)) {
        return;
    }
    fail({.expected = "The last line \"reached 5368709120 bytes\", and exit status 0.",
          .observed = fmt::format("\"{}\" and {}; OOM kills: {}.", excerpt(last_line(oom.run.out), 1),
                                  oom.run.describe(), outcome.oom_kills),
          .evidence = fmt::format("$ {}\n{}", command, excerpt(oom.run.out, 3)),
          .why = "An int counts to 2147483647, an unsigned int to 4294967295, and then begins anew or worse. "
                 "Sizes in bytes need 64 bits: std::size_t, as malloc takes, or std::uint64_t.",
          .next = "../../scripts/lab run 3 --memory 64 -- --no-touch --chunk 16777216 --limit 5368709120 "
                  "--pause 0"});
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
    expect_five_gigabytes_counted();
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

}  // namespace
