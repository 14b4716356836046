#include <fmt/format.h>

#include <algorithm>

#include "evidence/instruments.hpp"
#include "process/advice.hpp"
#include "vmlab/evidence/memcheck.hpp"

namespace vmlab::evidence {
namespace {

// Valgrind keeps the last twelve descriptors below the limit from its client: a write to one fails with
// EBADF. Both are sockets, which cannot be reopened through /proc/self/fd. The sandbox's filter refuses the
// ways around that (dup, sendto, passing them over a socket).
constexpr std::uint64_t open_files = 1024;
constexpr int xml_channel = 1012;
constexpr int log_channel = 1013;

std::vector<std::string> valgrind_command(const std::filesystem::path& valgrind) {
    return {
        valgrind.string(),
        "-q",
        "--command-line-only=yes",  // no .valgrindrc, no VALGRIND_OPTS
        "--leak-check=full",
        "--show-leak-kinds=all",
        "--leak-resolution=high",  // one loss record for each line of source
        "--num-callers=40",
        "--error-limit=no",  // a thousand errors do not hide the next one
        // libc and libstdc++ give their own pools back at exit, so that only the program's blocks are left
        "--run-libc-freeres=yes",
        "--run-cxx-freeres=yes",
        "--xml=yes",
        "--xml-fd=" + std::to_string(xml_channel),
        "--log-fd=" + std::to_string(log_channel),
        "--trace-malloc=yes",
        // an allocator of the program's own stays what it is: only calls that reach libc's malloc are seen
        "--soname-synonyms=somalloc=nouserintercepts",
        "--child-silent-after-fork=yes",
        "--trace-children=yes",  // a program that executes another stays under Valgrind
        "--vgdb=no",
    };
}

std::string channel(const process::Run& run, int number) {
    const auto found = run.channels.find(number);
    return found == run.channels.end() ? std::string() : found->second;
}

/// What is wrong with a readable report; nothing when all agrees.
std::optional<std::string> damage_of(const MemcheckRun& made, bool compare_with_trace) {
    const bool by_itself = made.run.ending == process::Ending::finished;
    if (by_itself && made.run.status.exited_with(0) && !made.report.complete) {
        return "the program ended with exit status 0, but Valgrind did not see its end: it left Valgrind";
    }
    if (made.run.inner_pid != 0 && made.report.pid != 0 && made.report.pid != made.run.inner_pid) {
        return "the report is of another process";
    }
    return compare_with_trace ? contradiction(made.trace, made.report) : std::nullopt;
}

/// What helps a Valgrind that does not get to the program.
std::string remedy_for(std::string_view words) {
    if (words.find("redirection") != std::string_view::npos ||
        words.find("libc6-dbg") != std::string_view::npos) {
        return "reinstall Valgrind and the debugging information that it needs: sudo apt-get install --reinstall "
               "valgrind libc6-dbg";
    }
    const std::string advice = process::advice_on(words);
    return advice.empty()
               ? "valgrind /bin/true shows what is wrong; sudo apt-get install --reinstall valgrind libc6-dbg"
               : advice;
}

/// Valgrind tells that the program runs before its first instruction, where the program cannot reach: without
/// that, whatever went wrong was not the program's doing.
tl::unexpected<process::Error> did_not_start(const process::Run& run, std::string_view log) {
    std::string_view words = run.err.empty() ? log : std::string_view(run.err);
    while (words.starts_with('\n')) {
        words.remove_prefix(1);
    }
    constexpr std::size_t most = 300;
    const std::string_view complaint = words.substr(0, std::min(words.find('\n'), most));
    return process::machine_lacks(
        fmt::format("Valgrind could not start the program: {} ({})", complaint, run.describe()),
        remedy_for(words));
}

/// Whether Valgrind itself gave up: a program that writes far beyond its blocks can damage Valgrind's own.
bool gave_up(std::string_view log) {
    return log.find("valgrind: the 'impossible' happened") != std::string_view::npos;
}

/// Valgrind that gives up ends its document and shows the threads' stacks behind it.
std::string without_last_stacks(std::string xml) {
    constexpr std::string_view end = "</valgrindoutput>\n";
    if (const std::size_t at = xml.find(end); at != std::string::npos) {
        xml.resize(at + end.size());
    }
    return xml;
}

}  // namespace

process::Result<MemcheckRun> run_memcheck(const process::Sandbox& sandbox,
                                          const std::filesystem::path& program,
                                          const MemcheckOptions& options) {
    const auto valgrind = find_valgrind();
    if (!valgrind) {
        return tl::unexpected(valgrind.error());
    }

    process::Job job;
    job.channels = {xml_channel, log_channel};
    if (options.fast_forward_sleeps) {
        const auto strace = find_strace();
        if (!strace) {
            return tl::unexpected(strace.error());
        }
        job.argv = {
            strace->string(), "-f", "-q", "--seccomp-bpf", "-e", "trace=?nanosleep,?clock_nanosleep", "-e",
            "signal=none"};
        std::ranges::copy(fast_forward_options(), std::back_inserter(job.argv));
        job.argv.emplace_back(inner_launcher);
        job.channels.insert(job.channels.begin(), 2);
        job.stderr_as = program_stderr;
    }
    std::ranges::copy(valgrind_command(*valgrind), std::back_inserter(job.argv));
    if (!options.show_mismatched_frees) {
        job.argv.emplace_back("--show-mismatched-frees=no");
    }
    job.argv.push_back(program.string());
    std::ranges::copy(options.arguments, std::back_inserter(job.argv));
    job.environment = options.environment;
    job.start = options.start;
    job.on_pause = options.on_pause;
    job.readable = options.readable;
    job.readable.push_back(program);
    job.input = options.input;
    job.limits = options.limits;
    job.limits.open_files = open_files;
    job.limits.address_space_bytes = 0;
    job.limits.channel_bytes = std::min(job.limits.channel_bytes, most_channel_bytes);

    auto run = sandbox.run(job);
    if (!run) {
        return tl::unexpected(run.error());
    }
    MemcheckRun made;
    made.run = std::move(*run);
    const std::string log = channel(made.run, log_channel);
    const std::string xml = channel(made.run, xml_channel);
    auto report = parse_memcheck_xml(gave_up(log) ? without_last_stacks(xml) : xml);
    if (report && !report->started) {
        return did_not_start(made.run, log);
    }
    if (report) {
        made.report = std::move(*report);
        made.report.complete = made.report.complete && !gave_up(log);
    }
    made.trace = parse_allocation_trace(log, made.report.pid);
    made.remarks = remarks_in(log, made.report.pid);
    made.damage = report ? damage_of(made, !options.preloads_own_heap) : report.error().what;
    return made;
}

}  // namespace vmlab::evidence
