// Grader of activity 12: little memory, and none.

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>

#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace growing;

/// A text of 16 MiB. While it is copied from a block of 8 MiB to one twice as large there are 24 MiB; a
/// std::string that has doubled its room has 15 and 30.
constexpr std::uint64_t large = 16 * mebibyte;
constexpr std::uint64_t enough = 28 * mebibyte;
constexpr std::uint64_t too_little_for_copies = 20 * mebibyte;
constexpr std::uint64_t too_little = 9 * mebibyte;

struct Limited {
    Experiment experiment;
    process::Run run;
    std::uint64_t data_bytes = 0;

    [[nodiscard]] std::string command() const {
        return fmt::format("(ulimit -d {}; {})", data_bytes / kibibyte, experiment.command());
    }
};

Limited limited(Lab& lab, const std::string& mode, std::uint64_t data_bytes) {
    Experiment experiment = Growth{mode, large}.experiment();
    experiment.limits.data_bytes = data_bytes;
    process::Run run = experiment.native(lab);
    return {std::move(experiment), std::move(run), data_bytes};
}

Shared<Limited> reserve_with_little{[](Lab& lab) { return limited(lab, "reserve", enough); }};
Shared<Limited> realloc_with_little{[](Lab& lab) { return limited(lab, "realloc", enough); }};
Shared<Limited> string_with_too_little{
    [](Lab& lab) { return limited(lab, "string", too_little_for_copies); }};
Shared<Limited> reserve_with_too_little{[](Lab& lab) { return limited(lab, "reserve", too_little); }};
Shared<Limited> realloc_with_too_little{[](Lab& lab) { return limited(lab, "realloc", too_little); }};

TEST(Memory, LivesWithinItsLimit) {
    for (Shared<Limited>* shared : {&reserve_with_little, &realloc_with_little}) {
        const Limited& limited = shared->get();
        if (limited.run.succeeded() && !lines_in(limited.run.out, large).flaw) {
            continue;
        }
        fail_run(
            limited.run, limited.experiment.doing("with 28 MiB of memory of its own"),
            {.expected = fmt::format("{}: a text of 16 MiB with 28 MiB of memory: all lines, exit status 0",
                                     limited.experiment.arguments.front()),
             .observed = fmt::format("{}; the last line: {}", limited.run.describe(),
                                     shown(grading::last_line(limited.run.out), 1)),
             .evidence = fmt::format("$ {}\nstderr: {}", limited.command(), shown(limited.run.err, 2)),
             .next = build_and("growing", limited.command())});
    }
}

/// realloc gives NULL at the tenth size, under Memcheck: what becomes of the block of 256 bytes?
struct Refused {
    Experiment experiment;
    MemcheckRun run;
};
Shared<Refused> realloc_refused{[](Lab& lab) {
    const Experiment experiment = Growth{"realloc", 100'000}.experiment();
    grading::NativeOptions how;
    how.preload = grading::Preload::malloc_fails;
    how.malloc_calls_that_work = 9;
    return Refused{experiment, experiment.native_under_memcheck(lab, how)};
}};

bool said_so(const process::Run& run) {
    return run.status.exited_with(1) && grading::begins_with_name(run.err, "growing");
}

void expect_report(const Limited& limited) {
    if (said_so(limited.run)) {
        return;
    }
    const Card card{
        .expected =
            fmt::format("{}: no memory: a message on stderr that begins with \"growing\", exit status 1",
                        limited.experiment.arguments.front()),
        .observed = limited.run.describe() + (limited.run.err.empty() ? "; nothing on stderr" : ""),
        .evidence = fmt::format("$ {}\nstderr: {}", limited.command(), shown(limited.run.err, 2)),
        .next = build_and("growing", limited.command()) + "; echo \"exit status $?\""};
    if (limited.run.status.signal && limited.run.ending == process::Ending::finished) {
        fail(card, grading::Reason::crashed);
    }
    fail_run(limited.run, limited.experiment.doing("without enough memory"), card);
}

TEST(Memory, ReportsNoMemory) {
    expect_report(string_with_too_little.get());
    expect_report(reserve_with_too_little.get());
    expect_report(realloc_with_too_little.get());
    const auto& [experiment, refused] = realloc_refused.get();
    if (!said_so(refused.run)) {
        fail_run(
            refused.run, experiment.doing("with a realloc that returns NULL"),
            {.expected =
                 "when realloc returns NULL: a message on stderr that begins with \"growing\", exit status 1",
             .observed = refused.run.describe(),
             .evidence = fmt::format("$ {}, the tenth call of realloc returning NULL\nstderr: {}",
                                     experiment.command(), shown(refused.run.err, 2)),
             .next = "../../scripts/lab hint 12"});
    }
    if (!refused.report.leaks.empty()) {
        const evidence::Leak& leak = refused.report.leaks.front();
        fail({.expected = "when realloc returns NULL, the block that it could not make larger is freed",
              .observed = fmt::format("{} bytes in {} block(s) are {}", leak.bytes, leak.blocks,
                                      evidence::name_of(leak.kind)),
              .evidence = fmt::format("Memcheck on {}, the tenth call of realloc returning NULL",
                                      experiment.command()),
              .next = "../../scripts/lab hint 12"});
    }
}

}  // namespace
