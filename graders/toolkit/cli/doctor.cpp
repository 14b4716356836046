#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include "arena/vm/cache.hpp"
#include "cli/commands.hpp"
#include "cli/live/bytes.hpp"
#include "cli/terminal.hpp"
#include "vmlab/arena/arena.hpp"
#include "vmlab/arena/memory_guard.hpp"
#include "vmlab/evidence/kernel_log.hpp"
#include "vmlab/grading/build.hpp"
#include "vmlab/process/files.hpp"
#include "vmlab/process/sandbox.hpp"
#include "vmlab/process/temporary_folder.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::cli {

namespace {

constexpr std::uint64_t smallest_machine = 128U << 20U;

/// One line of the doctor's report: what was tried, what came of it, and what a failure costs.
struct Finding {
    std::string what;
    process::Result<std::string> found;
    std::string without;  ///< what cannot be done where it is missing
};

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

process::Result<std::string> try_tier(process::TierChoice choice, const Place& place,
                                      const std::filesystem::path& scratch) {
    const auto sandbox = process::Sandbox::open(choice, place.support(), scratch);
    if (!sandbox) {
        return tl::unexpected(sandbox.error());
    }
    return std::string(sandbox->hides_files()
                           ? "works"
                           : "works, but hides no file that every user may read: no Landlock in this kernel");
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

process::Result<std::string> try_build(const process::Sandbox& sandbox,
                                       const std::filesystem::path& scratch) {
    const std::filesystem::path source = scratch / "probe.cpp";
    const auto written = process::write_file_atomically(
        source, "#include <fmt/core.h>\nint main() {\n    fmt::print(\"works\\n\");\n}\n");
    if (!written) {
        return tl::unexpected(written.error());
    }
    const auto built = grading::build(sandbox, source, "probe", scratch);
    if (!built) {
        return tl::unexpected(built.error());
    }
    if (!built->succeeded) {
        return process::failed("a small program with fmt does not compile: " + built->messages,
                               "sudo apt-get install g++ libfmt-dev");
    }
    return std::string("works");
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

std::string describe(const Finding& finding, const report::TextStyle& style) {
    if (finding.found) {
        return fmt::format("  {} {:<24} {}\n", painted(style, "ok  ", "32"), finding.what, *finding.found);
    }
    std::string text = fmt::format("  {} {:<24} {}\n", painted(style, "none", "33"), finding.what,
                                   finding.found.error().what);
    if (!finding.without.empty()) {
        text += fmt::format("       {:<24} without it: {}\n", "", finding.without);
    }
    if (!finding.found.error().fix.empty()) {
        text += fmt::format("       {:<24} fix: {}\n", "", finding.found.error().fix);
    }
    return text;
}

std::vector<Finding> examine(const Place& place, const std::filesystem::path& scratch) {
    std::vector<Finding> findings;
    findings.push_back({"compiler", version_of("g++", "g++"), "nothing can be graded"});
    findings.push_back({"Valgrind", version_of("valgrind", "valgrind"),
                        "checks that read the allocation trace or leaks are not judged"});
    findings.push_back(
        {"strace", version_of("strace", "strace"), "checks that read system calls are not judged"});
    findings.push_back({"bubblewrap", version_of("bwrap", "bubblewrap"), "no isolation tier `namespaces`"});
    findings.push_back({"isolation: namespaces", try_tier(process::TierChoice::namespaces, place, scratch),
                        "the next tier is used, or --isolation none for your own work"});
    findings.push_back(
        {"isolation: separate-user", try_tier(process::TierChoice::separate_user, place, scratch), ""});
    findings.push_back({"memory limit of each run", try_memory_guards(),
                        "a program that takes too much is stopped by its own limits, and called crashed"});
    const auto sandbox = process::Sandbox::open(process::TierChoice::automatic, place.support(), scratch);
    if (sandbox) {
        findings.push_back({"building with fmt", try_build(*sandbox, scratch), "nothing can be graded"});
        findings.push_back({"arena: cgroup2", try_arena(arena::KindChoice::cgroup2, *sandbox), ""});
        findings.push_back({"arena: cgroup1", try_arena(arena::KindChoice::cgroup1, *sandbox), ""});
        findings.push_back({"arena: vm", try_machine(*sandbox),
                            "what only a whole machine shows (activities 3 and 4) is not judged"});
        findings.push_back({"cache of the VM arena", vm_cache(), ""});
    }
    findings.push_back(
        {"kernel log", try_kernel_log(), "the kernel's counter is the only witness of a kill"});
    findings.push_back(
        {"lowering oom_score_adj", try_lowering(), "whether -1000 survives is judged in the VM arena"});
    return findings;
}

bool works(const std::vector<Finding>& findings, const std::string& prefix) {
    bool any = false;
    for (const Finding& finding : findings) {
        any = any || (finding.what.starts_with(prefix) && finding.found);
    }
    return any;
}

}  // namespace

int doctor_command(const Place& place) {
    ::umask(022);  // what is built here is read by a sandbox that may be another user; nothing here is kept
    const auto folder = process::TemporaryFolder::create();
    if (!folder) {
        return complain(folder.error());
    }
    const report::TextStyle style = style_for(STDOUT_FILENO);
    const std::vector<Finding> findings = examine(place, folder->path());
    std::string text = "What this machine can do for vmlab, each found out by doing it:\n\n";
    for (const Finding& finding : findings) {
        text += describe(finding, style);
    }
    const bool judges_all = works(findings, "compiler") && works(findings, "Valgrind") &&
                            works(findings, "strace") && works(findings, "building") &&
                            works(findings, "isolation") && works(findings, "arena: vm");
    text += judges_all ? "\nEvery check can be judged here.\n"
                       : "\nSome checks cannot be judged here: they say so, and count neither for nor "
                         "against anybody.\n";
    return finish_with(text, judges_all ? 0 : 3);
}

}  // namespace vmlab::cli
