// Grader of activity 3: oom in arenas, memory cgroups in which an OOM kill harms nobody. There the kernel
// counts its kills and the memory that was really used: "Killed" is believed to the kernel only, never to the
// program.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <string>

#include "oom_evidence.hpp"
#include "oom_output.hpp"
#include "vmlab/evidence/address_space.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace vmlab;
using namespace vmlab::grading;
using namespace oom_evidence;
using namespace oom_output;

/// More bytes than an int or an unsigned can count. Untouched, but in an arena all the same: whoever touches
/// them is killed there, and so is a program whose total never gets that far.
const Experiment five_gigabytes = [] {
    Experiment experiment =
        oom({"--no-touch", "--chunk", "16777216", "--limit", "5368709120", "--pause", "0"});
    experiment.limits.data_bytes = 1024 * gibibyte;
    return experiment;
}();

/// With vm.overcommit_memory=2 a machine does not promise more than it has.
bool reference_reaches(const Experiment& experiment) {
    return in_arena(lab(), lab().reference("oom"), 64 * mebibyte, experiment)
        .contestants.front()
        .run.succeeded();
}

void expect_five_gigabytes_counted() {
    const arena::Outcome outcome = in_arena(lab(), 64 * mebibyte, five_gigabytes);
    const arena::ContestantResult& oom = outcome.contestants.front();
    if (!oom.oom_killed) {
        expect_exit(oom.run, five_gigabytes.doing("in 64 MiB"));
    }
    // StopsAtTheLimit tells of one block too many or too few.
    if (oom.run.succeeded() && bytes_after("reached", last_line(oom.run.out)).value_or(0) > 4 * gibibyte) {
        return;
    }
    if (oom.run.status.exited_with(3) && !reference_reaches(five_gigabytes)) {
        return;
    }
    fail({.expected = "The last line \"reached 5368709120 bytes\", and exit status 0.",
          .observed = fmt::format("\"{}\" and {}; OOM kills: {}.", excerpt(last_line(oom.run.out), 1),
                                  oom.run.describe(), outcome.oom_kills),
          .evidence = fmt::format("$ {}\n{}", five_gigabytes.command(), shown(oom.run.out, 3)),
          .why = "An int counts to 2147483647, an unsigned int to 4294967295, and then begins anew or worse. "
                 "Sizes in bytes need 64 bits: std::size_t, as malloc takes, or std::uint64_t.",
          .next = in_the_lab(five_gigabytes, 64 * mebibyte)});
}

/// The same in bigger steps, outside of the arena: it touches nothing.
const Experiment untouched_in_big_steps =
    oom({"--no-touch", "--limit", "1073741824", "--chunk", "16777216", "--pause", "0"});

/// Are the addresses real that it counts? Once asked of the kernel, and once with nobody tracing it.
void expect_real_addresses() {
    // What it gives back at its very end it has had.
    const std::uint64_t grown =
        evidence::AddressSpace(untouched_in_big_steps.syscalls(lab()).calls).most_held();
    if (grown < gibibyte) {
        fail({.expected = "An address space that grows by the gigabyte that it reports.",
              .observed = fmt::format("Its address space grew by {} bytes only.", grown),
              .evidence =
                  fmt::format("$ {}\nstrace: the most that brk and mmap gave it, less what munmap took back",
                              untouched_in_big_steps.command()),
              .next = build_and("oom", untouched_in_big_steps.under("strace -e trace=brk,mmap,munmap"))});
    }
    const Asleep& unwatched = untraced_gigabyte.get();
    const std::string first_line = unwatched.run.out.substr(0, unwatched.run.out.find('\n'));
    const std::uint64_t claimed = last_total(first_line);
    if (unwatched.slept() && claimed > 0 && unwatched.sample->virtual_bytes >= claimed) {
        return;
    }
    const std::uint64_t seen = unwatched.sample ? unwatched.sample->virtual_bytes : 0;
    fail({.expected =
              "With nobody tracing it, too: a line \"ADDRESS TOTAL\" before it sleeps, and an address "
              "space of at least TOTAL bytes.",
          .observed = unwatched.slept() && claimed > 0
                          ? fmt::format("Its address space has {} bytes, and it reports {}.", seen, claimed)
                          : fmt::format("No such line and no sleep after it; {}.", unwatched.run.describe()),
          .evidence = fmt::format("$ {}\n{}\n/proc/PID/status, VmSize: {} kB", gigabyte_block.command(),
                                  shown(first_line), seen / 1024),
          .next = build_and_run(gigabyte_block) + " & sleep 1; grep VmSize /proc/$!/status"});
}

TEST(Oom, UntouchedGigabyteSurvivesIn64MiB) {
    const arena::Outcome& outcome = untouched.get();
    const arena::ContestantResult& oom = outcome.contestants.front();
    if (!oom.oom_killed) {
        expect_exit(oom.run, untouched_gigabyte.doing("in 64 MiB"));
    }
    if (!oom.run.succeeded() || bytes_after("reached", last_line(oom.run.out)).value_or(0) < gibibyte) {
        fail({.expected = "The whole gigabyte allocated, \"reached ... bytes\", exit status 0, no OOM kill.",
              .observed = fmt::format("\"{}\" and {}; OOM kills: {}.", excerpt(last_line(oom.run.out), 1),
                                      oom.run.describe(), outcome.oom_kills),
              .evidence = oom.log_record
                              ? oom.log_record->row
                              : fmt::format("$ {}\n{}", untouched_gigabyte.command(), shown(oom.run.out, 3)),
              .next = in_the_lab(untouched_gigabyte, 64 * mebibyte)});
    }
    expect_real_addresses();
    expect_five_gigabytes_counted();
}

TEST(Oom, TouchedGigabyteIsKilledByTheKernel) {
    const arena::Outcome& outcome = touched.get();
    const arena::ContestantResult& oom = outcome.contestants.front();
    const bool sigkill = oom.run.status.killed_by(9);
    if (!oom.oom_killed && !sigkill) {
        expect_exit(oom.run, touched_gigabyte.doing("in 64 MiB"));
    }
    const std::string next = in_the_lab(touched_gigabyte, 64 * mebibyte);
    if (!oom.oom_killed) {
        Card card{
            .expected = "The kernel's OOM killer ends the program when the 64 MiB of its arena are full.",
            .observed = fmt::format("{}; OOM kills that the kernel counted: {}.", oom.run.describe(),
                                    outcome.oom_kills),
            .evidence = oom.log_record ? oom.log_record->row : fmt::format("oom_kill {}", outcome.oom_kills),
            .next = next};
        if (sigkill) {
            card.why =
                "Anybody may send a SIGKILL, a program even to itself. An OOM kill is one that the "
                "kernel counts in the cgroup's oom_kill and writes into its log.";
        }
        fail(card);
    }
    const std::uint64_t told = last_total(oom.run.out);
    if (told < 32 * mebibyte) {
        fail({.expected = "A line for each mebibyte up to the kill.",
              .observed = fmt::format(
                  "It was killed, and the last TOTAL that it had written out by then is {}.", told),
              .evidence = fmt::format("$ {}\n{}", touched_gigabyte.command(), shown(oom.run.out, 3)),
              .why = "SIGKILL cannot be caught: what still lies in a buffer is lost with the rest of the "
                     "memory. Flush every line.",
              .next = next});
    }
}

}  // namespace
