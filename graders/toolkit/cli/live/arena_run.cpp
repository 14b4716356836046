#include "cli/live/arena_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <vector>

#include "cli/live/bytes.hpp"
#include "cli/live/oom_story.hpp"
#include "vmlab/evidence/kernel_log.hpp"
#include "vmlab/evidence/oom_report.hpp"
#include "vmlab/report/printable.hpp"

namespace vmlab::cli {

namespace {

using namespace std::chrono_literals;
using arena::ContestantResult;
using evidence::OomReport;

/// OOM_REAPER_DELAY (mm/oom_kill.c) is 2 s.
constexpr auto longer_than_the_reaper_waits = 2500ms;

/// As the kernel whose log is read knows it: a machine of its own has its own numbers.
pid_t pid_in_log(const ContestantResult& result) {
    return result.run.inner_pid != 0 ? result.run.inner_pid : result.run.pid;
}

const OomReport* report_on(const std::vector<OomReport>& reports, pid_t pid) {
    for (const OomReport& report : reports) {
        if (std::ranges::find(report.kills, pid, &evidence::OomKill::pid) != report.kills.end()) {
            return &report;
        }
    }
    return nullptr;
}

std::string what_ended_it(const ContestantResult& result, const RunRequest& request, arena::Kind kind,
                          const std::vector<OomReport>& reports) {
    const process::Run& run = result.run;
    if (result.oom_killed) {
        const OomReport* const report = report_on(reports, pid_in_log(result));
        std::string why =
            fmt::format("the arena's {} were used up", readable_bytes(arena_bytes(request, kind)));
        if (report != nullptr && report->manual) {
            why = "SysRq f told it to choose a process";
        } else if (kind == arena::Kind::vm) {
            why = "the machine's memory was used up";
        }
        std::string text =
            fmt::format("Killed by the kernel's OOM killer after {:.1f} s: {}.\n", run.elapsed.count(), why);
        const bool log_follows = kind == arena::Kind::vm && report != nullptr;
        if (!log_follows) {
            text += result.log_record
                        ? fmt::format("The kernel's log: {}\n", report::printable(result.log_record->row))
                        : "The kernel counted the kill; its log cannot be read here.\n";
        }
        return text + "A shell would show exit status 137: 128 + 9, SIGKILL.\n";
    }
    if (result.died_as < 0) {
        return "Was not started.\n";
    }
    if (run.ending == process::Ending::timed_out) {
        return fmt::format("Stopped after {} s (--seconds).\n", request.seconds);
    }
    if (run.ending == process::Ending::stopped) {
        return fmt::format("Stopped after {:.1f} s.\n", run.elapsed.count());
    }
    return fmt::format("Ended after {:.1f} s: {}.\n", run.elapsed.count(), run.describe());
}

std::string memory_of(const ContestantResult& result) {
    if (result.samples.size() < 2) {  // the first one is of the launcher
        return {};
    }
    std::uint64_t resident = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t swapped = 0;
    for (const evidence::ProcessSample& sample : result.samples) {
        resident = std::max({resident, sample.resident_bytes, sample.peak_resident_bytes});
        virtual_bytes = std::max(virtual_bytes, sample.virtual_bytes);
        swapped = std::max(swapped, sample.swap_bytes);
    }
    std::string text = fmt::format("Most resident: {}. Most virtual: {}.\n", readable_bytes(resident),
                                   readable_bytes(virtual_bytes));
    if (swapped > 0) {
        text += fmt::format("Most swapped out: {}. Major page faults: {}.\n", readable_bytes(swapped),
                            result.samples.back().major_faults);
    }
    return text;
}

std::string about_the_reaper(const arena::Outcome& outcome) {
    if (outcome.kernel_log.find("oom_reaper: reaped process") == std::string::npos) {
        return {};
    }
    return "\noom_reaper: the dying program was held for 2.5 s before it was gone, so that the kernel's "
           "thread for\n"
           "such cases (oom_reaper) came, as it does after 2 s, and took its memory away. A victim that ends "
           "at once\n"
           "has no such line.\n";
}

/// The rows of the machine's /var/log/syslog that tell of the kills.
std::string syslog_rows(const arena::Outcome& outcome) {
    constexpr std::size_t most = 12;
    std::string text;
    std::size_t rows = 0;
    std::istringstream lines(outcome.syslog);
    for (std::string line; rows < most && std::getline(lines, line);) {
        for (const char* telling :
             {" invoked oom-killer: ", " oom-kill:constraint=", "Killed process ", " oom_reaper: reaped "}) {
            if (line.find(telling) != std::string::npos && line.find(" kernel: ") != std::string::npos) {
                text += fmt::format("  {}\n", report::printable(line));
                ++rows;
                break;
            }
        }
    }
    return text.empty() ? text : "\nThe machine's /var/log/syslog:\n" + text;
}

}  // namespace

std::uint64_t arena_bytes(const RunRequest& request, arena::Kind kind) {
    constexpr int smallest_machine = 128;
    constexpr int usual_group = 256;
    if (kind != arena::Kind::vm) {
        return static_cast<std::uint64_t>(request.memory_mb.value_or(usual_group)) << 20U;
    }
    const int wanted = request.memory_mb.value_or(smallest_machine);
    std::uint64_t machine = smallest_machine;
    while (machine < static_cast<std::uint64_t>(wanted)) {
        machine *= 2;
    }
    return machine << 20U;
}

std::size_t programs_of(const RunRequest& request) {
    return request.beside ? 2 : 1;
}

arena::Request make_request(const grading::Program& program, const RunRequest& request, arena::Kind kind,
                            LiveView& view, const std::stop_token& stop) {
    arena::Request made;
    made.memory_bytes = arena_bytes(request, kind);
    made.scope = kind == arena::Kind::vm ? arena::Scope::machine : arena::Scope::group;
    made.swap_bytes = static_cast<std::uint64_t>(request.swap_mb.value_or(0)) << 20U;
    if (request.sysrq_f_after) {
        made.manual_kill = arena::ManualKill{0, *request.sysrq_f_after};
    }
    for (std::size_t i = 0; i < programs_of(request); ++i) {
        arena::Contestant contestant;
        contestant.job.argv = {program.executable.string()};
        contestant.job.argv.insert(contestant.job.argv.end(), request.arguments.begin(),
                                   request.arguments.end());
        contestant.job.readable = {program.executable.parent_path()};
        contestant.job.limits.wall = std::chrono::seconds(request.seconds);
        contestant.job.limits.cpu_seconds = static_cast<std::uint64_t>(request.seconds);
        contestant.job.limits.data_bytes = 0;  // the arena is the limit
        contestant.job.on_output = [&view, i](std::string_view piece) { view.output(i, piece); };
        contestant.job.stop = stop;
        if (i == 1) {
            contestant.oom_score_adj = request.beside;
        }
        if (kind == arena::Kind::vm) {
            contestant.hold_at_exit = longer_than_the_reaper_waits;
        }
        made.contestants.push_back(std::move(contestant));
    }
    made.sample_interval = 100ms;
    made.on_sample = [&view](std::size_t i, const evidence::ProcessSample& sample) {
        view.sample(i, sample);
    };
    made.on_log = [&view](std::string_view records) { view.kernel_log(records); };
    return made;
}

std::string summary(const arena::Outcome& outcome, const RunRequest& request, arena::Kind kind,
                    const report::TextStyle& style) {
    const std::vector<OomReport> reports = evidence::parse_oom_reports(outcome.kernel_log);
    std::string text;
    std::vector<pid_t> ours;
    for (std::size_t i = 0; i < outcome.contestants.size(); ++i) {
        const ContestantResult& result = outcome.contestants[i];
        ours.push_back(pid_in_log(result));
        if (outcome.contestants.size() > 1) {
            text += fmt::format(
                "{}{} (pid {}):\n", i > 0 ? "\n" : "",
                i == 0 ? "1, the first" : fmt::format("2, beside it at {:+}", *request.beside), ours.back());
        }
        if (!result.run.err.empty()) {
            text +=
                "stderr: " + report::printable(result.run.err) + (result.run.err.back() == '\n' ? "" : "\n");
        }
        text += what_ended_it(result, request, kind, reports);
        text += memory_of(result);
    }
    if (outcome.peak_bytes && kind != arena::Kind::vm) {
        text += fmt::format("Most memory charged to the arena: {}.\n", readable_bytes(*outcome.peak_bytes));
    }
    if (kind == arena::Kind::vm) {  // elsewhere the log is the host's, with whatever else happens there
        text += oom_story(reports, ours, style) + about_the_reaper(outcome) + syslog_rows(outcome);
    }
    return text;
}

}  // namespace vmlab::cli
