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

namespace {

using namespace oom_score;

const Experiment defaults = run_with({"--limit-mb", "300"});
const Experiment little_space = in_space(512 * mebibyte, run_with({"--chunk-mb", "100", "--pause", "0"}));
const Experiment less_space = in_space(192 * mebibyte, run_with({"--chunk-mb", "4", "--pause", "0"}));
/// More than 32 bits can hold: a size that is cut off becomes a chunk of 1 MB.
const Experiment beyond_32_bits =
    in_space(192 * mebibyte, run_with({"--chunk-mb", "4097", "--limit-mb", "5000", "--pause", "0"}));
const Experiment absurd = run_with({"--chunk-mb", "4398046511104", "--pause", "0"});

Shared<evidence::SyscallRun> by_default{[](Lab& lab) { return defaults.syscalls(lab); }};
Shared<evidence::SyscallRun> starved{[](Lab& lab) { return little_space.syscalls(lab); }};
Shared<process::Run> starved_untraced{[](Lab& lab) { return hastily(lab, less_space); }};
Shared<process::Run> large_chunk{[](Lab& lab) { return hastily(lab, beyond_32_bits); }};
Shared<evidence::MemcheckRun> absurd_in_memcheck{[](Lab& lab) { return absurd.memcheck(lab); }};

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

/// All sleep that any thread asked for between two calls.
std::chrono::nanoseconds slept_between(const evidence::SyscallRun& run, std::size_t from, std::size_t to) {
    std::chrono::nanoseconds sum{0};
    for (std::size_t i = from; i < std::min(to, run.calls.size()); ++i) {
        sum += evidence::sleep_requested(run.calls[i]);
    }
    return sum;
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
        const std::size_t call = lines[claims.chunks[i].line].call;
        auto slept = lines[claims.chunks[i].line].slept_before;
        if (slept == 0s && i > 0) {  // another thread may sleep for it
            slept = slept_between(run, lines[claims.chunks[i - 1].line].call, call);
        }
        if (!is_pause(slept, pause) && (i > 0 || slept != 0s)) {
            return Flaw{fmt::format("it slept {} before chunk {}", in_seconds(slept), i + 1),
                        run.calls[call].row};
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
        if (const auto lost = growth.lost({chunk.address, bytes, {}}, call, last_call)) {
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

void expect_growth(const Experiment& experiment, const evidence::SyscallRun& run, std::uint64_t chunk_mb,
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
    if (!flaw && !run.run.succeeded()) {
        flaw = Flaw{"all lines are right, but the end is not: " + run.run.describe(), stdout_of(run.run)};
    }
    if (!flaw) {
        return;
    }
    fail_run(run.run, experiment.doing("under strace"),
             {
                 .expected =
                     fmt::format("{} chunks of {} MB ({} bytes) each, {} s of sleep between two of them, a "
                                 "line \"ADDRESS TOTAL MB\" for each, none given back, exit status 0 at the "
                                 "limit",
                                 chunks, chunk_mb, chunk_mb * mebibyte, pause.count()),
                 .observed = flaw->observed,
                 .evidence = fmt::format("$ {}\n{}", experiment.command(), flaw->evidence),
                 .next = build_and_run(experiment, "strace -e trace=mmap,munmap,clock_nanosleep,write"),
             });
}

TEST(OomScore, Allocates100MegabytesEvery2Seconds) {
    expect_growth(defaults, by_default.get(), 100, 3, 2s);
}

/// With --adj there are the same lines and one more; without it there is nothing to tell.
void expect_one_line_more_with_adj() {
    if (const auto after = claims_of(by_options.get().run.out).after) {
        fail({
            .expected = "no line \"oom_score after: N\" without --adj",
            .observed = fmt::format("\"oom_score after: {}\", though nothing was changed", after->number),
            .evidence = fmt::format("$ {}\n{}", options_given.command(), stdout_of(by_options.get().run)),
            .why =
                "The line says that the score was changed. Whoever reads it, a person or a program, looks for an "
                "adjustment that nobody made.",
            .next = build_and_run(options_given),
        });
    }
    const Claims with_adj = claims_of(adjusted.get().run.out);
    if (with_adj.unexpected || !in_order(with_adj)) {
        fail({
            .expected =
                "with --adj one line more on stdout, \"oom_score after: N\", before the first chunk, and "
                "the others as without",
            .observed = with_adj.unexpected
                            ? "a line that does not belong there: " + excerpt(*with_adj.unexpected, 1)
                            : "lines in another order",
            .evidence = fmt::format("$ {}\n{}", with_drawn_adj.command(), stdout_of(adjusted.get().run)),
            .why = "Lines of a fixed form can be read by other programs.",
            .next = build_and_run(with_drawn_adj),
        });
    }
}

void expect_the_same_untraced() {
    const auto& [run, seen] = untraced.get();
    const auto flaw = flaw_of_lines(claims_of(run.out), run, 1, 2);
    const auto last_line = seen.empty() ? std::chrono::duration<double>(0) : seen.back();
    if (!run.succeeded() || last_line < 1s || flaw) {
        fail_run(
            run, one_real_second.doing(),
            {
                .expected = "the same behaviour whether strace watches or not: two lines \"ADDRESS TOTAL "
                            "MB\" with a pause of 1 s between them, exit status 0",
                .observed = fmt::format("with nobody watching: {}, the last line {:.3f} s after the start{}",
                                        run.describe(), last_line.count(), flaw ? "; " + flaw->observed : ""),
                .evidence = fmt::format("$ {}\n{}", one_real_second.command(), stdout_of(run)),
                .why = "The pause is there so that you can look at the process while it grows.",
                .next = build_and_run(one_real_second, "time"),
            });
    }
    if (!run.err.empty()) {
        fail({
            .expected = "nothing on stderr when the limit is reached",
            .observed = "text on stderr: " + excerpt(run.err, 2),
            .evidence = fmt::format("$ {}\n{}", one_real_second.command(), stdout_of(run)),
            .why =
                "stderr is for what went wrong. Whoever reads a log looks there first, and finds complaints of a "
                "program that did well.",
            .next = build_and_run(one_real_second) + " > /dev/null",
        });
    }
}

TEST(OomScore, ObeysChunkLimitAndPause) {
    expect_growth(options_given, by_options.get(), 7, 5, 3s);
    expect_one_line_more_with_adj();
    expect_growth(with_drawn_adj, adjusted.get(), 4, 30, 0s);
    expect_the_same_untraced();
}

/// The same with nobody tracing it.
void expect_null_untraced() {
    const process::Run& run = starved_untraced.get();
    const std::uint64_t chunks = claims_of(run.out).chunks.size();
    if (run.status.exited_with(3) && run.err.starts_with("oom_score: ") && chunks >= 10 && chunks < 60) {
        return;
    }
    fail_run(
        run, less_space.doing("with nobody tracing it"),
        {
            .expected =
                "the same when nobody traces it: chunks of 4 MB until there is no room, a message on stderr that begins "
                "with \"oom_score: \", exit status 3",
            .observed = fmt::format("{} chunks; {}; {}", chunks, stderr_of(run), run.describe()),
            .evidence = fmt::format("$ {}\n{}", less_space.command(), stdout_of(run)),
            .why = "Under strace it does. What a program does only when it is watched helps nobody.",
            .next = build_and_run(less_space) + "; echo $?",
        });
}

void expect_null_beyond_32_bits() {
    const process::Run& run = large_chunk.get();
    if (run.status.exited_with(3) && run.err.starts_with("oom_score: ") &&
        claims_of(run.out).chunks.empty()) {
        return;
    }
    fail_run(
        run, beyond_32_bits.doing(),
        {
            .expected = "no room for a chunk of 4097 MB: a message on stderr that begins with "
                        "\"oom_score: \", no line \"ADDRESS TOTAL MB\", exit status 3",
            .observed = fmt::format("{}; {}", stderr_of(run), run.describe()),
            .evidence = fmt::format("$ {}\n{}", beyond_32_bits.command(), stdout_of(run)),
            .why =
                "4097 MB are 4,296,015,872 bytes, more than 32 bits can hold. Work sizes out in std::size_t.",
            .next = build_and_run(beyond_32_bits) + "; echo $?",
        });
}

TEST(OomScore, ReportsNullFromMalloc) {
    const evidence::SyscallRun& watched = starved.get();
    const process::Run& run = watched.run;
    const auto refusal = Growth(watched.calls).first_refusal();
    const bool grew = !claims_of(run.out).chunks.empty();
    if (refusal && grew && run.status.exited_with(3) && run.err.starts_with("oom_score: ")) {
        expect_null_untraced();
        expect_null_beyond_32_bits();
        expect_memory_respected(absurd, absurd_in_memcheck.get());
        return;
    }
    fail_run(
        run, little_space.doing("under strace"),
        {
            .expected =
                "chunk after chunk until malloc returns NULL; then a message on stderr that begins with "
                "\"oom_score: \", and exit status 3",
            .observed = stderr_of(run) + "; " + run.describe(),
            .evidence = (refusal ? "strace saw what malloc was refused: " + *refusal
                                 : "strace saw no memory refused, so malloc had no reason to return NULL") +
                        "\n" + stdout_of(run),
            .next = build_and_run(little_space) + "; echo $?",
        });
}

}  // namespace
