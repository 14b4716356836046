// Grader of activity 3: a whole machine that runs out of memory.
//
// oom is alone in a virtual machine (the VM arena). There is no limit but the machine's memory, so it is the
// machine's OOM killer that ends oom. The machine's log daemon writes the kernel's record into
// /var/log/syslog, and that file, as it is, is what obituary has to read then.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "obituary_evidence.hpp"
#include "oom_evidence.hpp"
#include "oom_output.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace vmlab;
using namespace vmlab::grading;
using namespace oom_evidence;
using namespace oom_output;
using namespace std::chrono_literals;

constexpr std::uint64_t machine_bytes = 128 * mebibyte;
const Experiment big_steps = oom({"--chunk", "4194304", "--pause", "0"});
const std::string next = "../../scripts/lab run 3 --arena vm -- --chunk 4194304 --pause 0";

arena::Outcome in_a_machine(Lab& lab, const Program& program) {
    arena::Request request;
    request.scope = arena::Scope::machine;
    request.memory_bytes = machine_bytes;
    process::Job job = lab.job(program, big_steps.arguments);
    job.limits.wall = 20s;                      // a program that frees its blocks goes on for ever
    job.limits.data_bytes = 4 * machine_bytes;  // one that touches nothing gets NULL from malloc
    request.contestants.push_back({.job = std::move(job)});
    return lab.arena(request);
}

Shared<arena::Outcome> alone_in_a_machine{[](Lab& lab) { return in_a_machine(lab, lab.program("oom")); }};

TEST(Machine, IsKilledWhenTheMachineIsFull) {
    const arena::Outcome& outcome = alone_in_a_machine.get();
    const arena::ContestantResult& oom = outcome.contestants.front();
    const auto& record = oom.log_record;
    if (oom.oom_killed && (!record || record->scope == evidence::OomScope::machine)) {
        return;
    }
    const bool sigkill = oom.run.status.killed_by(SIGKILL);
    if (!oom.oom_killed && !sigkill) {
        expect_exit(oom.run, big_steps.doing("in a machine of 128 MiB"));
    }
    fail({.expected = "The machine's 128 MiB are used up, the kernel kills oom, and its record begins with "
                      "\"Out of memory\": scope=machine.",
          .observed = fmt::format("\"{}\" and {}; OOM kills: {}.", excerpt(last_line(oom.run.out), 1),
                                  oom.run.describe(), outcome.oom_kills),
          .evidence =
              record ? record->row : fmt::format("$ {}\n{}", big_steps.command(), shown(oom.run.out, 3)),
          .next = next});
}

/// Whether the kernel's record of the kill is there to be compared with.
bool is_recorded(const arena::Outcome& outcome) {
    const arena::ContestantResult& oom = outcome.contestants.front();
    return oom.oom_killed && oom.log_record;
}

/// A kill of the submitted oom where there was one, else of the reference: obituary is not to blame for oom.
arena::Outcome some_kill() {
    try {
        const arena::Outcome& outcome = alone_in_a_machine.get();
        if (is_recorded(outcome)) {
            return outcome;
        }
    } catch (const Verdict&) {
        // It does not build, or there is no VM arena: the next lines tell.
    }
    return in_a_machine(lab(), lab().reference("oom"));
}

TEST(Machine, ObituaryReadsTheSyslogOfThatMachine) {
    (void)lab().program("obituary");  // no machine is started for one that cannot be run
    const arena::Outcome outcome = some_kill();
    if (!is_recorded(outcome)) {
        raise({process::ErrorKind::failed,
               "the reference oom was not killed in the VM arena: " +
                   outcome.contestants.front().run.describe(),
               "scripts/lab doctor"});
    }
    const evidence::OomKill& kill = *outcome.contestants.front().log_record;
    const std::vector<evidence::OomKill> told = evidence::parse_oom_kills(outcome.syslog);
    if (std::none_of(told.begin(), told.end(), [&](const auto& each) { return each.pid == kill.pid; })) {
        cannot_judge("the log daemon of the VM arena did not write the kill into /var/log/syslog",
                     "scripts/lab doctor; scripts/setup --vm");
    }
    obituary_evidence::expect_obituary(
        {.victim = {kill.pid, kill.name, kill.total_vm_kb, kill.anon_rss_kb},
         .scope = "machine",
         .log = outcome.syslog,
         .kind = "/var/log/syslog of a machine that has just run out of memory"});
}

}  // namespace
