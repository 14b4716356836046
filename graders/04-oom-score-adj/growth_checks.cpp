// Grader of activity 4: does it grow as it says? Size and pace are measured by strace, pages by the kernel.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "claims.hpp"
#include "growth.hpp"
#include "runs.hpp"
#include "vmlab/grading/grader.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using namespace vmlab;
using grading::Card;
using grading::excerpt;
using grading::fail;
using grading::Lab;
using grading::Shared;
using namespace oom_score;

Shared<evidence::SyscallRun> by_default{[](Lab& lab) { return record(lab, {"--limit-mb", "300"}); }};
Shared<evidence::SyscallRun> starved{[](Lab& lab) {
    evidence::SyscallOptions options;
    options.arguments = {"--chunk-mb", "100", "--limit-mb", "2000", "--pause", "0"};
    options.limits = cautious();
    options.limits.address_space_bytes = 512 * mebibyte;
    return lab.syscalls(lab.program("oom_score"), options);
}};
Shared<process::Run> starved_untraced{[](Lab& lab) {
    return run_untraced(lab, {"--chunk-mb", "16", "--limit-mb", "2000", "--pause", "0"}, 192 * mebibyte);
}};

/// What is wrong with the growth of a run, and the row that shows it; nothing when all is right.
struct Flaw {
    std::string observed;
    std::string evidence;
};

std::optional<Flaw> flaw_of_lines(const Claims& claims, const process::Run& run, std::uint64_t chunk_mb,
                                  std::size_t chunks) {
    if (claims.unexpected) {
        return Flaw{"a line that does not belong there: " + excerpt(*claims.unexpected, 1), stdout_of(run)};
    }
    if (!in_order(claims)) {
        return Flaw{"lines in another order: the process id comes first, then the scores, then the chunks",
                    stdout_of(run)};
    }
    for (std::size_t i = 0; i < std::min(chunks, claims.chunks.size()); ++i) {
        if (claims.chunks[i].total_mb != (i + 1) * chunk_mb) {
            return Flaw{fmt::format("chunk {} is reported as {} MB", i + 1, claims.chunks[i].total_mb),
                        stdout_of(run)};
        }
    }
    if (claims.chunks.size() != chunks) {
        return Flaw{fmt::format("{} lines \"ADDRESS TOTAL MB\"", claims.chunks.size()), stdout_of(run)};
    }
    return std::nullopt;
}

/// Whether this much sleep is the pause. A program that sleeps until a moment (std::this_thread::sleep_until)
/// has used up a little of it before it asks.
bool is_pause(std::chrono::nanoseconds slept, std::chrono::seconds pause) {
    return slept <= pause && slept + 50ms > pause;
}

/// Exactly `pause` between two chunks; a program may also sleep once before the first and once after the
/// last.
std::optional<Flaw> flaw_of_pauses(const evidence::SyscallRun& run,
                                   const std::vector<evidence::PacedLine>& lines, const Claims& claims,
                                   std::chrono::seconds pause) {
    const auto in_seconds = [](std::chrono::nanoseconds time) {
        return fmt::format("{:g} s", std::chrono::duration<double>(time).count());
    };
    for (std::size_t i = 1; i < claims.chunks.size(); ++i) {
        const std::size_t call = lines[claims.chunks[i].line].call;
        if (call == lines[claims.chunks[i - 1].line].call) {
            return Flaw{"several lines left the program together, by one write: they were not flushed",
                        run.calls[call].row};
        }
    }
    for (std::size_t i = 0; i < claims.chunks.size(); ++i) {
        const auto slept = lines[claims.chunks[i].line].slept_before;
        if (!is_pause(slept, pause) && (i > 0 || slept != 0s)) {
            return Flaw{fmt::format("it slept {} before chunk {}", in_seconds(slept), i + 1),
                        run.calls[lines[claims.chunks[i].line].call].row};
        }
    }
    if (const auto slept = run.slept_after_last_line(); !is_pause(slept, pause) && slept != 0s) {
        return Flaw{fmt::format("it slept {} after the last chunk", in_seconds(slept)), stdout_of(run.run)};
    }
    return std::nullopt;
}

/// Every printed address is that of a chunk of the right size, which the kernel handed out since the line
/// before, and which was kept at least until the last line.
std::optional<Flaw> flaw_of_chunks(const evidence::SyscallRun& run,
                                   const std::vector<evidence::PacedLine>& lines, const Claims& claims,
                                   std::uint64_t bytes) {
    const Growth growth(run.calls);
    // With brk a chunk may begin in what was left of the heap: glibc keeps 128 KiB of it in stock.
    constexpr std::uint64_t stock = 256U << 10U;
    const std::size_t last_call = lines[claims.chunks.back().line].call;
    std::size_t from = 0;
    for (const auto& chunk : claims.chunks) {
        const std::size_t call = lines[chunk.line].call;
        const auto region = growth.gained(chunk.address + bytes - 1, from, call);
        if (!region || region->bytes + stock < bytes) {
            return Flaw{
                fmt::format("no {} bytes at {:#x} were handed out by the kernel before the line \"{}\"",
                            bytes, chunk.address, lines[chunk.line].text),
                region ? region->row : run.calls[call].row};
        }
        // A block that is grown by realloc holds all chunks so far.
        const std::uint64_t so_far = chunk.total_mb * mebibyte;
        if (region->bytes > so_far + so_far / 4 + 4 * mebibyte) {
            return Flaw{fmt::format("{} bytes for {} MB", region->bytes, chunk.total_mb), region->row};
        }
        if (const auto lost = growth.lost(chunk.address, call, last_call)) {
            return Flaw{"a chunk was given back to the kernel", lost->row};
        }
        from = call;
    }
    const std::size_t first_call = lines[claims.chunks.front().line].call;
    const std::int64_t grown = growth.net(first_call, last_call);
    const auto due = static_cast<std::int64_t>(bytes * (claims.chunks.size() - 1));
    if (grown > due + due / 2 + static_cast<std::int64_t>(4 * mebibyte)) {
        return Flaw{fmt::format("the kernel handed out {} bytes between the first line and the last, for {} "
                                "bytes that are reported",
                                grown, due),
                    stdout_of(run.run)};
    }
    return std::nullopt;
}

void expect_growth(const evidence::SyscallRun& run, const std::string& arguments, std::uint64_t chunk_mb,
                   std::size_t chunks, std::chrono::seconds pause) {
    const auto lines = run.paced_lines();
    const Claims claims = claims_in(texts(lines));
    auto flaw = flaw_of_lines(claims, run.run, chunk_mb, chunks);
    if (!flaw) {
        flaw = flaw_of_pauses(run, lines, claims, pause);
    }
    if (!flaw) {
        flaw = flaw_of_chunks(run, lines, claims, chunk_mb * mebibyte);
    }
    const std::string command = "./oom_score " + arguments;
    if (!flaw && !run.run.succeeded()) {
        flaw = Flaw{"all lines are right, but the end is not: " + run.run.describe(), stdout_of(run.run)};
    }
    if (!flaw) {
        return;
    }
    const Card card{
        .expected =
            fmt::format("{}: {} chunks of {} MB ({} bytes) each, {} s of sleep between two of them, a line "
                        "\"ADDRESS TOTAL MB\" for each, none given back, exit status 0 at the limit",
                        command, chunks, chunk_mb, chunk_mb * mebibyte, pause.count()),
        .observed = flaw->observed,
        .evidence = flaw->evidence,
        .why =
            "Growth that is known in size and pace can be compared with what the kernel counts. A big block "
            "comes from the kernel by mmap (or brk), which strace shows with its length and address; sleep "
            "shows as clock_nanosleep with its exact duration. 1 MB is 1024 * 1024 bytes here.",
        .next = compile + " && strace -e trace=mmap,munmap,clock_nanosleep,write " + command,
    };
    fail_run(run.run, "running " + command + " under strace", card);
}

TEST(OomScore, Allocates100MegabytesEvery2Seconds) {
    expect_growth(by_default.get(), "--limit-mb 300", 100, 3, 2s);
}

TEST(OomScore, ObeysChunkLimitAndPause) {
    expect_growth(by_options.get(), "--chunk-mb 7 --limit-mb 21 --pause 3", 7, 3, 3s);

    // With --adj there are the same lines and one more; without it there is nothing to tell.
    if (const auto after = claims_of(by_options.get().run.out).after) {
        fail({
            .expected = "no line \"oom_score after: N\" without --adj",
            .observed = fmt::format("\"oom_score after: {}\", though nothing was changed", after->number),
            .evidence = stdout_of(by_options.get().run),
            .why = "The line says that the score was changed. Whoever reads it, a person or a program, looks "
                   "for an adjustment that nobody made.",
            .next = compile + " && ./oom_score --chunk-mb 7 --limit-mb 21 --pause 0",
        });
    }
    const Claims with_adj = claims_of(adjusted.get().run.out);
    if (with_adj.unexpected || !in_order(with_adj)) {
        fail({
            .expected = "with --adj one line more on stdout, \"oom_score after: N\", before the first chunk, "
                        "and the others as without",
            .observed = with_adj.unexpected
                            ? "a line that does not belong there: " + excerpt(*with_adj.unexpected, 1)
                            : "lines in another order",
            .evidence = stdout_of(adjusted.get().run),
            .why = "Lines of a fixed form can be read by other programs.",
            .next = compile + " && ./oom_score --adj 321 --chunk-mb 8 --limit-mb 16 --pause 0",
        });
    }

    const process::Run& run = untraced.get();
    const auto flaw = flaw_of_lines(claims_of(run.out), run, 1, 2);
    if (!run.succeeded() || run.elapsed < 1s || flaw) {
        fail_run(run, "running oom_score --chunk-mb 1 --limit-mb 2 --pause 1",
                 {
                     .expected = "the same behaviour whether strace watches or not: with --chunk-mb 1 "
                                 "--limit-mb 2 --pause 1 a run of at least one second, two lines \"ADDRESS "
                                 "TOTAL MB\", exit status 0",
                     .observed = fmt::format("with nobody watching: {}, after {:.3f} s{}", run.describe(),
                                             run.elapsed.count(), flaw ? "; " + flaw->observed : ""),
                     .evidence = stdout_of(run),
                     .why = "The pause is there so that you can look at the process while it grows.",
                     .next = compile + " && time ./oom_score --chunk-mb 1 --limit-mb 2 --pause 1",
                 });
    }
    if (!run.err.empty()) {
        fail({
            .expected = "nothing on stderr when the limit is reached",
            .observed = "text on stderr: " + excerpt(run.err, 2),
            .evidence = stdout_of(run),
            .why =
                "stderr is for what went wrong. Whoever reads a log looks there first, and finds complaints "
                "of a program that did well.",
            .next = compile + " && ./oom_score --chunk-mb 1 --limit-mb 2 --pause 1 > /dev/null",
        });
    }
}

TEST(OomScore, TouchesEveryPageItCounts) {
    const Watched& watched = grown.get();
    // Memory that was asked for and written to is anonymous; kernels before 4.5 only tell the resident set as
    // a whole.
    const std::uint64_t resident = !watched.sample                        ? 0
                                   : watched.sample->anonymous_bytes != 0 ? watched.sample->anonymous_bytes
                                                                          : watched.sample->resident_bytes;
    if (watched.sample && resident >= 64 * mebibyte) {
        return;
    }
    fail({
        .expected =
            "with --chunk-mb 64 at least 65536 kB of memory in use when the first chunk has been reported",
        .observed = watched.sample
                        ? fmt::format("{} kB", resident / 1024)
                        : "no line \"ADDRESS TOTAL MB\" while the program ran: " + watched.run.describe(),
        .evidence = watched.sample
                        ? fmt::format("/proc/PID/status, read from outside: RssAnon: {} kB, VmSize: {} kB",
                                      resident / 1024, watched.sample->virtual_bytes / 1024)
                        : stdout_of(watched.run),
        .why = "malloc reserves addresses (VmSize). The kernel gives a page of memory only when something is "
               "written to that page, and only pages of memory count for the score and for a limit. One byte "
               "in each page is enough; one byte in each chunk is not, and neither are the zeroes of calloc, "
               "for pages fresh from the kernel are zero already.",
        .next =
            compile +
            "; ./oom_score --chunk-mb 64 --limit-mb 128 & sleep 1; grep -E 'VmSize|RssAnon' /proc/$!/status",
    });
}

/// The same with nobody tracing it.
void expect_null_untraced() {
    const process::Run& run = starved_untraced.get();
    const std::uint64_t chunks = claims_of(run.out).chunks.size();
    if (run.status.exited_with(3) && run.err.starts_with("oom_score: ") && chunks >= 1 && chunks < 16) {
        return;
    }
    fail_run(
        run, "running oom_score under a limit of 192 MiB on its address space, untraced",
        {
            .expected = "the same when nobody traces it: under a limit of 192 MiB a few chunks of 16 MB, "
                        "a message on stderr that begins with \"oom_score: \", exit status 3",
            .observed = fmt::format("{} chunks; {}; {}", chunks,
                                    run.err.empty() ? "nothing on stderr" : "stderr: " + excerpt(run.err, 2),
                                    run.describe()),
            .evidence = stdout_of(run),
            .why = "Under strace it does. What a program does only when it is watched helps nobody.",
            .next = compile + " && (ulimit -v 196608; ./oom_score --chunk-mb 16 --pause 0; echo $?)",
        });
}

TEST(OomScore, ReportsNullFromMalloc) {
    const evidence::SyscallRun& watched = starved.get();
    const process::Run& run = watched.run;
    const auto refusal = Growth(watched.calls).first_refusal();
    const bool grew = !claims_of(run.out).chunks.empty();
    if (refusal && grew && run.status.exited_with(3) && run.err.starts_with("oom_score: ")) {
        expect_null_untraced();
        return;
    }
    const Card card{
        .expected =
            "chunk after chunk until malloc returns NULL; then a message on stderr that begins with "
            "\"oom_score: \", and exit status 3",
        .observed =
            fmt::format("{}; {}", run.err.empty() ? "nothing on stderr" : "stderr: " + excerpt(run.err, 2),
                        run.describe()),
        .evidence = (refusal ? "strace saw what malloc was refused: " + *refusal
                             : "strace saw no memory refused, so malloc had no reason to return NULL") +
                    "\n" + stdout_of(run),
        .why =
            "The limit on the address space (ulimit -v) makes malloc return NULL long before memory is "
            "short. That is no OOM kill: nobody is killed, and the program can still say what happened.",
        .next = compile + " && (ulimit -v 524288; ./oom_score --pause 0; echo $?)",
    };
    fail_run(run, "running oom_score under a limit of 512 MiB on its address space", card);
}

}  // namespace
