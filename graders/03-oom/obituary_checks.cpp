// Grader of activity 3: obituary.
//
// obituary is given logs. Most are in logs/: they have the form that kernels 4.15 to 6.18 print and that
// dmesg, rsyslog, busybox, journalctl and /dev/kmsg add to; the process id, name and sizes are drawn anew
// each time, so that none can be learnt by heart. One log is this machine's own, of a kill made while
// grading. All of them together are read once under Memcheck.

#include <fmt/format.h>

#include <string>
#include <vector>

#include "obituary_evidence.hpp"
#include "recorded_log.hpp"
#include "reference_evidence.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace vmlab;
using namespace vmlab::grading;
using namespace obituary_evidence;
using namespace recorded_log;
using reference_evidence::reference_touched;

/// A log in logs/, and the one like it that activities/03-oom/logs shows the students.
struct Recorded {
    std::string file, scope, kind, like;
};

const std::vector<Recorded> new_kernels{
    {"linux-6.1-dmesg.log", "machine", "dmesg, Linux 6.1", "dmesg.log"},
    {"linux-5.3-dmesg.log", "machine", "dmesg, Linux 5.3, which prints fewer columns", "dmesg-linux-5.3.log"},
    {"linux-5.4-dmesg-raw.log", "cgroup", "dmesg --raw, Linux 5.4", "dmesg-raw.log"},
    {"linux-6.8-dmesg-T.log", "cgroup", "dmesg -T, Linux 6.8", "dmesg-T.log"},
    {"linux-5.15-kmsg.log", "cgroup", "/dev/kmsg, Linux 5.15", "kmsg.log"},
    {"linux-5.10-rsyslog-traditional.log", "cgroup", "rsyslog, old time stamps, Linux 5.10",
     "rsyslog-old.log"},
    {"linux-6.1-busybox.log", "machine", "busybox's syslogd, Linux 6.1", "busybox.log"},
    {"linux-6.12-rsyslog-rfc3339.log", "machine", "rsyslog, new time stamps, Linux 6.12", "rsyslog-new.log"},
    {"linux-6.12-rsyslog-rfc3339-uptime.log", "machine",
     "rsyslog, new time stamps and the kernel's own, vm.oom_kill_allocating_task set", "rsyslog-uptime.log"},
    {"linux-6.6-journalctl-short.log", "machine", "journalctl -k, Linux 6.6", "journalctl.log"},
    {"linux-6.18-journalctl-short-monotonic.log", "cgroup", "journalctl -k -o short-monotonic, Linux 6.18",
     "journalctl-monotonic.log"}};

const std::vector<Recorded> old_kernels{
    {"linux-4.15-rsyslog-traditional-machine.log", "machine", "rsyslog, Linux 4.15",
     "linux-4.15-machine.log"},
    {"linux-4.15-dmesg-cgroup.log", "cgroup", "dmesg, Linux 4.15", "linux-4.15-cgroup.log"},
    {"linux-4.19-dmesg-T-child-sacrificed.log", "cgroup", "dmesg -T, Linux 4.19, a child was killed instead",
     "linux-4.19-child.log"},
    {"linux-4.19-rsyslog-rfc3339-group.log", "cgroup", "rsyslog, Linux 4.19, a whole cgroup was killed",
     "linux-4.19-group.log"},
    {"linux-5.0-journalctl-short.log", "machine", "journalctl -k, Linux 5.0", "linux-5.0.log"}};

void expect_read(const std::vector<Recorded>& logs) {
    for (const Recorded& each : logs) {
        const Victim victim = any_victim();
        expect_obituary({.victim = victim,
                         .scope = each.scope,
                         .log = recorded(each.file, victim).text,
                         .kind = each.kind,
                         .like = each.like});
    }
}

/// obituary under Memcheck, reading all recorded logs on end.
struct Traced {
    Experiment experiment;
    evidence::MemcheckRun run;
};

Traced traced_on(Lab& lab, const std::string& pid, const std::string& log) {
    Traced traced{.experiment = obituary(std::vector{pid}), .run = {}};
    evidence::MemcheckOptions how;
    how.input = log;
    traced.run = traced.experiment.memcheck(lab, std::move(how));
    return traced;
}

std::string all_logs(const Victim& victim) {
    std::string text;
    for (const std::vector<Recorded>* logs : {&new_kernels, &old_kernels}) {
        for (const Recorded& each : *logs) {
            text += recorded(each.file, victim).text;
        }
    }
    for (const std::string file : {"pid-reused.log", "pid-inside-other-pids.log", "other-programs.log",
                                   "other-programs-monotonic.log", "not-killed.log", "any-name.log"}) {
        text += recorded(file, victim).text;
    }
    return text;
}

Shared<Traced> traced_on_all_logs{[](Lab& lab) {
    Victim victim = any_victim();
    victim.name = "a) total-vm:1kB";
    return traced_on(lab, std::to_string(victim.pid), all_logs(victim));
}};
Shared<Traced> traced_on_no_kill{[](Lab& lab) { return traced_on(lab, "300000", all_logs(any_victim())); }};
Shared<Traced> traced_on_bad_usage{[](Lab& lab) { return traced_on(lab, "12x", ""); }};

TEST(Obituary, ObituaryReadsEveryLogFormat) {
    expect_read(new_kernels);
    const Traced& traced = traced_on_all_logs.get();
    expect_memory_respected(traced.experiment, traced.run);
}

TEST(Obituary, ObituaryReadsOldKernels) {
    expect_read(old_kernels);
}

TEST(Obituary, ObituaryFindsTheLastKillOfThePid) {
    Victim victim = any_victim();
    expect_obituary({.victim = victim,
                     .scope = "machine",
                     .log = recorded("pid-reused.log", victim).text,
                     .kind = "a log with a reboot in it"});
    victim.pid = static_cast<int>(grading::drawn(12, 999));
    expect_obituary({.victim = victim,
                     .scope = "cgroup",
                     .log = recorded("pid-inside-other-pids.log", victim).text,
                     .kind = "a log with similar numbers",
                     .why =
                         "12 is a part of 123 and of 512 as text, but not as a number. And not every number "
                         "on the line is a process id."});
}

TEST(Obituary, ObituaryTakesAnyNameAndSize) {
    for (const std::string name : {"(sd-pam)", "Web Content", "kworker/u8:3-ev", "a) total-vm:1kB",
                                   "Killed process", ":-) [hog]", "Out of memory"}) {
        Victim victim = any_victim();
        victim.name = name;
        expect_obituary({.victim = victim,
                         .scope = "cgroup",
                         .log = recorded("any-name.log", victim).text,
                         .kind = "a process with an unusual name"});
    }
    for (const std::string name : {"cgroup-agent", "Memory cgroup"}) {
        Victim victim = any_victim();
        victim.name = name;
        expect_obituary({.victim = victim,
                         .scope = "machine",
                         .log = recorded("linux-6.1-dmesg.log", victim).text,
                         .kind = "a process with a name that speaks of cgroups",
                         .why = "What stands before \"Killed process\" tells who was out of memory. The name "
                                "behind it is the process's own choice, and tells nothing."});
    }
    Victim sanitized = any_victim();
    sanitized.total_vm_kb = 21'474'900'000 + grading::drawn(0, 99'999);
    expect_obituary({.victim = sanitized,
                     .scope = "cgroup",
                     .log = recorded("any-name.log", sanitized).text,
                     .kind = "a program built with AddressSanitizer",
                     .why =
                         "Address space is cheap: sanitizers and some language runtimes reserve terabytes of "
                         "it, more kB than an int can hold."});
}

TEST(Obituary, ObituaryIgnoresOtherPrograms) {
    for (const std::string file : {"other-programs.log", "other-programs-monotonic.log"}) {
        const Victim victim = any_victim();
        const Log log = recorded(file, victim);
        expect_obituary({.victim = victim,
                         .scope = "cgroup",
                         .log = log.text,
                         .kind = "a log in which other programs quote the kernel"});
        expect_no_kill(run_on(obituary(log.spared_pid), log.text), log.spared_pid, log.text, {});
    }
}

TEST(Obituary, ObituarySaysWhenThereWasNoKill) {
    const Victim victim = any_victim();
    const Log log = recorded("not-killed.log", victim);
    expect_obituary({.victim = victim,
                     .scope = "cgroup",
                     .log = log.text,
                     .kind = "dmesg, Linux 4.19, a child was killed instead"});
    expect_no_kill(run_on(obituary(log.spared_pid), log.text), log.spared_pid, log.text, {});
    expect_no_kill(
        on_an_empty_log.get(), 4321, "",
        "An empty log holds no kill. A script that calls obituary must be able to tell by the exit status.");
    for (const std::vector<std::string>& wrong :
         {std::vector<std::string>{}, {"x"}, {"12x"}, {"-1"}, {"12", "34"}, {""}}) {
        expect_bad_usage(wrong);
    }
    for (Shared<Traced>* each : {&traced_on_no_kill, &traced_on_bad_usage}) {
        const Traced& traced = each->get();
        expect_memory_respected(traced.experiment, traced.run);
    }
}

TEST(Obituary, ObituaryReadsTheLogOfAKillJustMade) {
    const arena::Outcome& outcome = reference_touched.get();
    const arena::ContestantResult& oom = outcome.contestants.front();
    if (!oom.log_record) {
        cannot_judge(outcome.log_missing.value_or("the kernel's record of the kill did not reach the log"),
                     "Grade as root, or allow reading the kernel log: sudo sysctl kernel.dmesg_restrict=0");
    }
    const evidence::OomKill& kill = *oom.log_record;
    expect_obituary({.victim = {kill.pid, kill.name, kill.total_vm_kb, kill.anon_rss_kb},
                     .scope = kill.scope == evidence::OomScope::machine ? "machine" : "cgroup",
                     .log = outcome.kernel_log,
                     .kind = "this machine's kernel log, a moment ago"});
}

}  // namespace
