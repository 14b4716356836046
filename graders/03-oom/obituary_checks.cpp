// Grader of activity 3: obituary.
//
// obituary is given logs. Most are in logs/: they have the form that kernels 4.15 to 6.18 print and that
// dmesg, rsyslog, busybox, journalctl and /dev/kmsg add to; the process id, name and sizes are drawn anew
// each time, so that none can be learnt by heart. One log is this machine's own, of a kill made while
// grading.

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
using namespace reference_evidence;

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
          Case{"linux-6.1-busybox.log", "machine", "busybox's syslogd, Linux 6.1"},
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
    for (const std::string name : {"(sd-pam)", "Web Content", "kworker/u8:3-ev", "a) total-vm:1kB",
                                   "Killed process", ":-) [hog]", "Out of memory"}) {
        Victim victim = any_victim();
        victim.name = name;
        expect_obituary(
            victim, "cgroup", recorded("any-name.log", victim).text, "a process with an unusual name",
            "A process chooses its own name (prctl PR_SET_NAME): up to 15 bytes of anything, blanks and "
            "brackets too. Nothing after the name can be chosen, so look for its end from the right.");
    }
    for (const std::string name : {"cgroup-agent", "Memory cgroup"}) {
        Victim victim = any_victim();
        victim.name = name;
        expect_obituary(
            victim, "machine", recorded("linux-6.1-dmesg.log", victim).text,
            "a process with a name that speaks of cgroups",
            "What stands before \"Killed process\" tells who was out of memory. The name behind it "
            "is the process's own choice, and tells nothing.");
    }
    Victim sanitized = any_victim();
    sanitized.total_vm_kb = 21'474'900'000 + between(0, 99'999);
    expect_obituary(sanitized, "cgroup", recorded("any-name.log", sanitized).text,
                    "a program built with AddressSanitizer",
                    "Address space is cheap: sanitizers and some language runtimes reserve terabytes of it, "
                    "more kB than an int can hold.");
}

TEST(Obituary, ObituaryIgnoresOtherPrograms) {
    const std::string why =
        "Every program may write any text to the syslog (try: logger 'Out of memory: Killed process 1 "
        "(init)'). The name before the first \": \" tells who spoke, and only the kernel knows whom its OOM "
        "killer killed.";
    for (const std::string file : {"other-programs.log", "other-programs-monotonic.log"}) {
        const Victim victim = any_victim();
        const Log log = recorded(file, victim);
        expect_obituary(victim, "cgroup", log.text, "a log in which other programs quote the kernel", why);
        expect_no_kill(obituary(log.spared_pid, log.text), log.spared_pid, log.text, why);
    }
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
    for (const std::vector<std::string>& wrong :
         {std::vector<std::string>{}, {"x"}, {"12x"}, {"-1"}, {"12", "34"}}) {
        expect_bad_usage(wrong);
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
    expect_obituary({kill.pid, kill.name, kill.total_vm_kb, kill.anon_rss_kb},
                    kill.scope == evidence::OomScope::machine ? "machine" : "cgroup", outcome.kernel_log,
                    "this machine's kernel log, a moment ago",
                    "Here the log is not a recorded one: the kernel that you are using has just written it.");
}

}  // namespace
