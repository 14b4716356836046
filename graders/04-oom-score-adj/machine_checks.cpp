// Grader of activity 4: a whole machine that runs out of memory, and SysRq f.
//
// Three instances of the student's program and two probes of ours are in a virtual machine (the VM arena);
// machine.hpp says who they are. The kernel chooses twice: once by hand, while memory is plentiful, and once
// because there is none left. Its log tells whom, and from what table.

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "machine.hpp"
#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace vmlab;
using namespace oom_score;

const std::string next_contest = "../../scripts/lab run 4 --arena vm --beside 500 -- --chunk-mb 8 --pause 0";
const std::string next_sysrq =
    "../../scripts/lab run 4 --sysrq-f-after 4 -- --adj 900 --chunk-mb 4 --pause 1";

TEST(Machine, DiesFirstInTheWholeMachine) {
    const arena::Outcome& outcome = whole_machine.get();
    const auto& higher = outcome.contestants[likelier];
    const auto& lower = outcome.contestants[growing];
    if (higher.oom_killed && (!lower.oom_killed || higher.died_as < lower.died_as)) {
        return;
    }
    fail({
        .expected =
            "a machine of 256 MiB that runs out of memory: an instance with --adj 800 --chunk-mb 4 that "
            "sleeps is killed before a far larger program, whose oom_score_adj is 0",
        .observed =
            fmt::format("the one with --adj 800: {}; the larger one: {}", fate_of(higher), fate_of(lower)),
        .evidence = "--adj 800: " + end_of(higher) + "\nthe larger one: " + end_of(lower) + "\n" +
                    stdout_of(higher.run),
        .next = next_contest,
    });
}

/// The kernel's table of those it chose from, with what it compared.
std::string table_of(const evidence::OomReport& report) {
    std::string table = "the kernel's table (pages): pid, resident, oom_score_adj, name";
    for (const evidence::OomCandidate& each : report.candidates) {
        table += fmt::format("\n{} {} {} {}", each.pid, each.resident_pages, each.oom_score_adj, each.name);
    }
    return table;
}

TEST(Machine, IsChosenBySysRqWhileMemoryIsPlentiful) {
    const arena::Outcome& outcome = whole_machine.get();
    const auto& chosen = outcome.contestants[marked];
    const auto report = manual_report(outcome);
    const auto kill = killed_by_hand(outcome);
    if (chosen.oom_killed && kill && kill->pid == chosen.run.inner_pid) {
        return;
    }
    std::string observed =
        "SysRq f was not pressed: the instance with --adj 900 did not print its three lines "
        "up to the score after; " +
        chosen.run.describe();
    if (kill) {
        const bool is_innocent = kill->pid == outcome.contestants[innocent].run.inner_pid;
        observed = fmt::format("the kernel killed {} ({}){}", kill->pid, kill->name,
                               is_innocent ? ", the innocent one" : "");
    }
    fail({
        .expected = "SysRq f on a machine with memory to spare: the kernel kills the instance with --adj 900 "
                    "--chunk-mb 4, because its score is the highest, and not the larger program beside it, "
                    "which has done nothing wrong",
        .observed = observed,
        .evidence = report ? table_of(*report) : stdout_of(chosen.run),
        .next = next_sysrq,
    });
}

TEST(Machine, SurvivesAFullMachineAndSysRq) {
    const arena::Outcome& outcome = whole_machine.get();
    if (!exempted_survived(outcome)) {
        fail(card_on_the_exempted(outcome));
    }
}

}  // namespace
