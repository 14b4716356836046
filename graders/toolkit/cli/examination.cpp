#include "cli/examination.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include "arena/vm/cache.hpp"
#include "cli/live/bytes.hpp"
#include "vmlab/arena/arena.hpp"
#include "vmlab/arena/memory_guard.hpp"
#include "vmlab/evidence/kernel_log.hpp"
#include "vmlab/evidence/memcheck.hpp"
#include "vmlab/evidence/syscalls.hpp"
#include "vmlab/grading/build.hpp"
#include "vmlab/process/capacity.hpp"
#include "vmlab/process/files.hpp"
#include "vmlab/process/sandbox.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::cli {

namespace {

using Tried = process::Result<std::string>;

constexpr std::uint64_t smallest_machine = 128U << 20U;

/// What is built and watched: it loses a block of 4242 bytes, sleeps, and prints a line.
constexpr const char* probe_source = R"(#include <fmt/core.h>

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

int main() {
    std::vector<std::string> words{"works"};
    std::thread([&words] { words.push_back("here"); }).join();
    char* volatile lost = static_cast<char*>(std::malloc(4242));
    lost[0] = 'x';
    lost = nullptr;
    sleep(1);
    fmt::print("{}\n", words.front());
    return static_cast<int>(words.size()) - 2;
}
)";

process::Result<std::string> version_of(const char* tool, const char* package) {
    const auto path = process::find_tool(tool, package);
    if (!path) {
        return tl::unexpected(path.error());
    }
    const auto run = process::run_tool({path->string(), "--version"});
    if (!run) {
        return tl::unexpected(run.error());
    }
    if (!run->succeeded()) {
        return process::failed(fmt::format("{} --version: {}", path->string(), run->describe()),
                               fmt::format("sudo apt-get install --reinstall {}", package));
    }
    return run->out.substr(0, run->out.find('\n'));
}

Tried try_build(const process::Sandbox& sandbox, const std::filesystem::path& scratch,
                std::optional<grading::Program>& program) {
    const std::filesystem::path source = scratch / "probe.cpp";
    if (const auto written = process::write_file_atomically(source, probe_source); !written) {
        return tl::unexpected(written.error());
    }
    const auto built = grading::build(sandbox, source, "probe", scratch);
    if (!built) {
        return tl::unexpected(built.error());
    }
    if (!built->succeeded) {
        return process::failed("a program that is known to be right does not compile: " + built->messages,
                               "sudo apt-get install --reinstall g++ libfmt-dev libc6-dev");
    }
    program = built->program;
    process::Job job;
    job.argv = {program->executable.string()};
    job.readable = {program->executable.parent_path()};
    const auto run = sandbox.run(job);
    if (!run) {
        return tl::unexpected(run.error());
    }
    if (!run->succeeded() || run->out != "works\n") {
        return process::failed(fmt::format("a program that is known to be right was built, but it does not "
                                           "run in the sandbox: {} {}",
                                           run->describe(), run->err),
                               "is the folder for temporary files mounted with noexec? TMPDIR=/var/tmp "
                               "scripts/lab doctor");
    }
    return version_of("g++", "g++");
}

Tried try_memcheck(const process::Sandbox& sandbox, const grading::Program& program) {
    auto version = version_of("valgrind", "valgrind");
    if (!version) {
        return version;
    }
    evidence::MemcheckOptions options;
    options.readable = {program.executable.parent_path()};
    const auto watched = evidence::run_memcheck(sandbox, program.executable, options);
    if (!watched) {
        return tl::unexpected(watched.error());
    }
    const auto leaks = watched->report.leaks_of(evidence::LeakKind::definitely_lost);
    const bool saw_it = std::ranges::any_of(leaks, [&](const evidence::Leak& leak) {
        return leak.bytes == 4242 && leak.at(program.source) != nullptr;
    });
    if (watched->damage || !watched->report.complete || !saw_it) {
        return process::failed(
            fmt::format("Memcheck did not report a block that a program is known to lose ({})",
                        watched->damage.value_or(watched->run.describe())),
            "sudo apt-get install --reinstall valgrind libc6-dbg");
    }
    return *version;
}

Tried try_strace(const process::Sandbox& sandbox, const grading::Program& program) {
    auto version = version_of("strace", "strace");
    if (!version) {
        return version;
    }
    evidence::SyscallOptions options;
    options.readable = {program.executable.parent_path()};
    const auto watched = evidence::run_syscalls(sandbox, program.executable, options);
    if (!watched) {
        return tl::unexpected(watched.error());
    }
    const auto lines = watched->paced_lines();
    if (!watched->complete || lines.size() != 1 || watched->slept() != std::chrono::seconds(1)) {
        return process::failed(
            fmt::format("strace did not record a line and a sleep that a program is known to make ({}) {}",
                        watched->run.describe(), watched->run.err),
            "in a container: start it with --cap-add=SYS_PTRACE; else: sudo apt-get install --reinstall "
            "strace");
    }
    return *version;
}

process::Result<std::string> try_memory_guards() {
    const auto guards = arena::memory_guards();
    if (!guards) {
        return tl::unexpected(guards.error());
    }
    return std::string("works");
}

process::Result<std::string> try_arena(arena::KindChoice choice, const process::Sandbox& sandbox) {
    const auto opened = arena::open_arena(choice, sandbox);
    if (!opened) {
        return tl::unexpected(opened.error());
    }
    return std::string("works: a known program was OOM-killed in it");
}

/// Runs a whole machine out of memory, even where one of these runs is remembered to have worked.
process::Result<std::string> try_machine(const process::Sandbox& sandbox) {
    const auto opened = arena::open_arena(arena::KindChoice::vm, sandbox);
    if (!opened) {
        return tl::unexpected(opened.error());
    }
    const std::filesystem::path hog = sandbox.support() / "vmlab-hog";
    arena::Request request;
    request.scope = arena::Scope::machine;
    request.memory_bytes = smallest_machine;
    arena::Contestant contestant;
    contestant.job.argv = {hog.string()};
    contestant.job.readable = {hog};
    request.contestants.push_back(std::move(contestant));
    const auto begun = std::chrono::steady_clock::now();
    const auto outcome = (*opened)->run(sandbox, request);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
    if (!outcome) {
        return tl::unexpected(outcome.error());
    }
    if (!outcome->contestants.front().oom_killed) {
        return process::failed(
            fmt::format("a known program was not OOM-killed in it ({})",
                        outcome->contestants.front().run.describe()),
            fmt::format("rm -r {}, then scripts/setup --vm", arena::vm_cache_folder().string()));
    }
    return fmt::format("works: a machine of {} MiB ran out of memory in {:.1f} s", smallest_machine >> 20U,
                       taken.count());
}

/// Not something that can be missing: what the VM arena takes on the disk, and where.
process::Result<std::string> vm_cache() {
    const std::uint64_t bytes = arena::vm_cache_bytes();
    const std::string folder = arena::vm_cache_folder().string();
    return bytes == 0 ? fmt::format("nothing yet in {}", folder)
                      : fmt::format(
                            "{} in {} (may be removed: it is built anew; the kernel in it is fetched "
                            "by scripts/setup --vm)",
                            readable_bytes(bytes), folder);
}

process::Result<std::string> try_kernel_log() {
    const auto log = evidence::KernelLog::open_at_end();
    if (!log) {
        return tl::unexpected(log.error());
    }
    return log->source();
}

process::Result<std::string> try_lowering() {
    const auto can = arena::can_lower_oom_score_adj();
    if (!can) {
        return tl::unexpected(can.error());
    }
    return std::string("works");
}

/// The first isolation tier that works, and why each before it does not.
struct Tiers {
    std::optional<process::Sandbox> sandbox;
    std::vector<Finding> findings;
};

Tiers try_tiers(const Place& place, const std::filesystem::path& scratch) {
    Tiers tiers;
    for (const process::TierChoice choice :
         {process::TierChoice::namespaces, process::TierChoice::separate_user}) {
        const bool is_first = choice == process::TierChoice::namespaces;
        const std::string name = is_first ? "isolation: namespaces" : "isolation: separate-user";
        auto sandbox = process::Sandbox::open(choice, place.support(), scratch, {place.root});
        if (sandbox) {
            tiers.findings.push_back({name, FindingState::works, "works"});
            if (!tiers.sandbox) {
                tiers.sandbox = std::move(*sandbox);
            }
            continue;
        }
        tiers.findings.push_back({name, FindingState::missing, sandbox.error().what,
                                  "nothing is graded, except with --isolation none, for your own work",
                                  sandbox.error().fix});
    }
    if (tiers.sandbox) {
        for (Finding& finding : tiers.findings) {
            finding.state = finding.state == FindingState::missing ? FindingState::not_needed : finding.state;
        }
    } else {
        tiers.findings.back().fix.clear();  // one way is enough
    }
    return tiers;
}

Finding finding_of(const std::string& what, const Tried& found, const std::string& without,
                   bool is_needed = true) {
    if (found) {
        return {what, FindingState::works, *found};
    }
    return {what, is_needed ? FindingState::missing : FindingState::not_needed, found.error().what, without,
            found.error().fix};
}

/// The arenas, and what witnesses a kill outside of a machine of our own.
void examine_arenas(Examination& made, const process::Sandbox& sandbox) {
    const Tried machine = try_machine(sandbox);
    const bool is_enough = machine.has_value();
    const std::string without = "activities 3 and 4: kills in a group of processes are not judged";
    const Tried second = try_arena(arena::KindChoice::cgroup2, sandbox);
    const Tried first = try_arena(arena::KindChoice::cgroup1, sandbox);
    made.findings.push_back(finding_of("arena: cgroup2", second, without, !is_enough && !first.has_value()));
    made.findings.push_back(finding_of("arena: cgroup1", first, without, !is_enough && !second.has_value()));
    made.findings.push_back(finding_of("arena: vm", machine,
                                       "activities 3 and 4: what only a whole machine shows is not judged"));
    made.findings.push_back(finding_of("cache of the VM arena", vm_cache(), ""));
    made.findings.push_back(finding_of("kernel log", try_kernel_log(),
                                       "the kernel's counter is the only witness of a kill", false));
    made.findings.push_back(finding_of("lowering oom_score_adj", try_lowering(),
                                       "whether -1000 survives is judged in the VM arena", false));
    made.findings.push_back(
        finding_of("memory limit of each run", try_memory_guards(),
                   "a program that takes too much is stopped by its own limits, and called crashed", false));
}

struct NamedCommand {
    const char* name;
    const char* package;
    const char* file;  ///< what tells that it is there; empty: the command itself
};

/// What the READMEs and the cards tell a student to type. No check needs it.
Finding commands_to_type() {
    constexpr std::array<NamedCommand, 8> commands{
        {{"gdb", "gdb", ""},
         {"ps", "procps", ""},
         {"watch", "procps", ""},
         {"pgrep", "procps", ""},
         {"dmesg", "util-linux", ""},
         {"journalctl", "systemd", ""},
         {"man", "man-db", ""},
         {"man 3 malloc", "manpages-dev", "/usr/share/man/man3/malloc.3.gz"}}};
    std::string names;
    std::string packages;
    for (const NamedCommand& command : commands) {
        std::error_code error;
        const bool is_there = *command.file != '\0' ? std::filesystem::exists(command.file, error)
                                                    : process::find_tool(command.name, "").has_value();
        if (!is_there) {
            names += (names.empty() ? "" : ", ") + std::string(command.name);
            if (packages.find(command.package) == std::string::npos) {
                packages += " " + std::string(command.package);
            }
        }
    }
    if (names.empty()) {
        return {"commands to type", FindingState::works, "every command that a README names is there"};
    }
    return {"commands to type", FindingState::not_needed, "READMEs name these too: " + names,
            "they are for you to try; no check needs them", "sudo apt-get install" + packages};
}

}  // namespace

bool Examination::judges_everything() const {
    return std::ranges::none_of(
        findings, [](const Finding& finding) { return finding.state == FindingState::missing; });
}

Examination examine(const Place& place, const std::filesystem::path& scratch) {
    Examination made;
    Tiers tiers = try_tiers(place, scratch);
    made.findings = std::move(tiers.findings);
    if (!tiers.sandbox) {
        return made;
    }
    const process::Sandbox& sandbox = *tiers.sandbox;
    std::optional<grading::Program> program;
    made.findings.push_back(
        finding_of("building and running", try_build(sandbox, scratch, program), "nothing is graded"));
    if (program) {
        made.findings.push_back(finding_of("Valgrind", try_memcheck(sandbox, *program),
                                           "checks that read the allocation trace or leaks are not judged"));
        made.findings.push_back(finding_of("strace", try_strace(sandbox, *program),
                                           "checks that read system calls are not judged"));
    }
    examine_arenas(made, sandbox);
    made.findings.push_back(commands_to_type());
    made.findings.push_back(
        {"tools at a time (--jobs)", FindingState::works,
         fmt::format("{}: as many as there are processors and memory for", process::default_jobs())});
    return made;
}

}  // namespace vmlab::cli
