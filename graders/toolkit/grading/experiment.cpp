#include "vmlab/grading/experiment.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <stop_token>
#include <thread>
#include <utility>

#include "vmlab/grading/output.hpp"
#include "vmlab/grading/verdict.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::grading {

namespace {

/// The options of any instrument, with what the experiment says in them.
template <class Options>
Options completed(Options how, const Experiment& experiment) {
    how.arguments = experiment.arguments;
    how.environment = experiment.environment;
    how.start = experiment.start;
    how.limits = experiment.limits;
    return how;
}

/// Everything behind the tool: variables, the program, its arguments.
std::string words_of_command(const Experiment& experiment, std::string_view tool) {
    std::string words;
    for (const auto& [name, value] : experiment.environment) {
        words += fmt::format("{}={} ", name, shell_word(value));
    }
    if (!tool.empty()) {
        words += fmt::format("{} ", tool);
    }
    words += "./" + experiment.program;
    for (const std::string& argument : experiment.arguments) {
        words += " " + shell_word(argument);
    }
    std::string before;
    if (experiment.limits.address_space_bytes > 0) {
        before = fmt::format("ulimit -v {}; ", experiment.limits.address_space_bytes / 1024);
    }
    if (experiment.start.oom_score_adj != 0) {
        before += fmt::format("echo {} > /proc/self/oom_score_adj; ", experiment.start.oom_score_adj);
    }
    return before.empty() ? words : fmt::format("({}{})", before, words);
}

/// Processor time that a process has used so far. Absent: it is gone.
std::optional<std::chrono::duration<double>> processor_time(pid_t pid) {
    const auto stat = process::read_kernel_file(fmt::format("/proc/{}/stat", pid));
    const std::size_t name_end = stat ? stat->rfind(')') : std::string::npos;
    if (name_end == std::string::npos) {
        return std::nullopt;
    }
    // proc(5): the state is the third field and stands behind the name; utime and stime are the 14th and
    // 15th.
    const std::vector<std::string> fields = words_of(std::string_view(*stat).substr(name_end + 1));
    const auto user = fields.size() > 12 ? whole_number(fields[11]) : std::nullopt;
    const auto system = fields.size() > 12 ? whole_number(fields[12]) : std::nullopt;
    if (!user || !system) {
        return std::nullopt;
    }
    return std::chrono::duration<double>(static_cast<double>(*user + *system) /
                                         static_cast<double>(sysconf(_SC_CLK_TCK)));
}

/// What a program does before and after the printing of a line is done when it sleeps. One that has used a
/// second of the processor and does not sleep yet (on a busy machine that may take long) is not waited for
/// any longer. Absent: it is gone.
std::optional<evidence::ProcessSample> sample_when_asleep(pid_t pid) {
    constexpr std::chrono::duration<double> patience{1};
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    std::optional<evidence::ProcessSample> last;
    const auto start = processor_time(pid);
    for (auto now = start; now && *now - *start < patience && std::chrono::steady_clock::now() < give_up;
         now = processor_time(pid)) {
        const auto sample = evidence::sample_process(pid);
        // It has ended, or is about to; or it has stopped itself.
        if (!sample || sample->virtual_bytes == 0 || sample->state == 'T') {
            break;
        }
        last = *sample;
        if (sample->state == 'S') {
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return last;
}

/// Where in the program it happened: "oom.cpp:71 (touch)". Empty when no row of the stack tells.
std::string place_of(const evidence::MemoryError& error) {
    const auto row = std::find_if(error.stack.begin(), error.stack.end(),
                                  [](const evidence::Frame& frame) { return frame.line > 0; });
    return row == error.stack.end() ? std::string()
                                    : fmt::format("{}:{} ({})", row->file, row->line, row->function);
}

}  // namespace

process::Run Experiment::native(Lab& lab, NativeOptions how) const {
    return lab.native(lab.program(program), completed(std::move(how), *this));
}

evidence::MemcheckRun Experiment::memcheck(Lab& lab, evidence::MemcheckOptions how) const {
    return lab.memcheck(lab.program(program), completed(std::move(how), *this));
}

evidence::MemcheckRun Experiment::native_under_memcheck(Lab& lab, NativeOptions how) const {
    return lab.native_under_memcheck(lab.program(program), completed(std::move(how), *this));
}

namespace {

CountedRun counted_as(const Experiment& experiment, Lab& lab, NativeOptions how) {
    how.preload = Preload::counts_blocks;
    process::Run run = experiment.native(lab, how);
    evidence::NativeBlocks blocks = evidence::native_blocks(run.shared_memory);
    if (!blocks.heard) {
        const process::Run known = lab.native(lab.starter(experiment.program), completed(how, experiment));
        if (!evidence::native_blocks(known.shared_memory).heard) {
            raise({process::ErrorKind::failed, "the blocks of a run cannot be counted here",
                   "LD_PRELOAD must work for programs in the sandbox: ld.so(8)"});
        }
    }
    return {std::move(run), std::move(blocks)};
}

}  // namespace

CountedRun Experiment::counted(Lab& lab) const {
    return counted_as(*this, lab, {});
}

CountedRun Experiment::counted_until_it_waits(Lab& lab) const {
    NativeOptions how;
    how.on_pause = [](const process::Pause& pause) -> std::optional<std::string> {
        (void)::kill(pause.pid, SIGKILL);
        return std::nullopt;
    };
    return counted_as(*this, lab, std::move(how));
}

TimedRun Experiment::timed(Lab& lab) const {
    std::vector<std::chrono::steady_clock::time_point> seen;
    NativeOptions how;
    how.on_output = [&](std::string_view piece) {
        const auto lines = static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n'));
        seen.resize(seen.size() + lines, std::chrono::steady_clock::now());
    };
    TimedRun result;
    result.run = native(lab, how);
    // Not from the call on: it waits for its turn.
    for (const auto moment : seen) {
        result.seen.emplace_back(moment - result.run.began);
    }
    return result;
}

evidence::SyscallRun Experiment::syscalls(Lab& lab, evidence::SyscallOptions how) const {
    return lab.syscalls(lab.program(program), completed(std::move(how), *this));
}

Asleep Experiment::asleep(Lab& lab, const std::function<bool(std::string_view)>& is_time, NativeOptions how,
                          const std::function<void(pid_t)>& look) const {
    Asleep result;
    pid_t pid = 0;
    std::string out;
    std::stop_source stop;
    how.stop = stop.get_token();
    how.on_started = [&pid](pid_t started) { pid = started; };
    how.on_output = [&](std::string_view piece) {
        out += piece;
        if (stop.stop_requested() || !is_time(out)) {
            return;
        }
        result.sample = sample_when_asleep(pid);
        if (result.slept()) {
            result.mappings = evidence::read_mappings(pid).value_or(std::vector<evidence::Mapping>());
            if (look) {
                look(pid);
            }
        }
        stop.request_stop();
    };
    result.run = native(lab, std::move(how));
    return result;
}

std::string Experiment::command() const {
    return words_of_command(*this, {});
}

std::string Experiment::under(std::string_view tool) const {
    return words_of_command(*this, tool);
}

std::string Experiment::doing(std::string_view how) const {
    return fmt::format("running {}{}{}", command(), how.empty() ? "" : " ", how);
}

void expect_memory_respected(const Experiment& experiment, const evidence::MemcheckRun& run,
                             const std::string& why) {
    const evidence::MemoryError* error = run.report.misuse();
    if (error == nullptr) {
        return;
    }
    const std::string place = place_of(*error);
    fail({.expected = "Memcheck finds no read or write outside of the program's own memory, and no use of a "
                      "value that was never set.",
          .observed = fmt::format("{}{}{}", error->what, place.empty() ? "" : ", at ", place),
          .evidence = fmt::format("$ {}\n{}{}{}", experiment.under("valgrind"), error->what,
                                  error->detail.empty() ? "" : "\n", error->detail),
          .why = !why.empty() ? why
                              : "A block has as many bytes as malloc was asked for: 0 to size - 1. Whatever "
                                "lies beyond belongs to somebody else. It may go well today, and break "
                                "something far away tomorrow.",
          .next = build_and(experiment.program, experiment.under("valgrind"))});
}

std::string shell_word(std::string_view word) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
    if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) {
        return std::string(word);
    }
    std::string quoted = "'";
    for (const char c : word) {
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return quoted + "'";
}

std::string build_and(std::string_view program, std::string_view command) {
    const std::vector<ProgramInfo>& programs = lab().activity().programs;
    const auto info = std::find_if(programs.begin(), programs.end(),
                                   [program](const ProgramInfo& each) { return each.name == program; });
    const std::string source = info == programs.end() ? fmt::format("{}.cpp", program) : info->source;
    return fmt::format("{} && {}", build_command(source, std::string(program)), command);
}

}  // namespace vmlab::grading
