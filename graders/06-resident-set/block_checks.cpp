// Grader of activity 6: the blocks. Memcheck's trace tells of each; the kernel tells how many of their pages
// there are at each line.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "runs.hpp"
#include "vmlab/grading/memory_errors.hpp"

namespace {

using namespace resident;

/// std::make_shared and the like put their counts beside the block.
constexpr std::uint64_t most_extra_bytes = 64;

struct Traced {
    Task task;
    Experiment run_as;
    evidence::MemcheckRun run;
};

Traced trace(Lab& lab, bool give_back) {
    const Task task{.rounds = drawn(4, 7), .chunk = drawn(200'000, 400'000), .give_back = give_back};
    const Experiment traced = experiment(task);
    return {task, traced, traced.memcheck(lab)};
}

Shared<Traced> kept_traced{[](Lab& lab) { return trace(lab, false); }};
Shared<Traced> freed_traced{[](Lab& lab) { return trace(lab, true); }};

void expect_lines(const Traced& traced) {
    const auto flaw = grading::flaw_in_output(traced.run.run.out, traced.task.lines());
    if (flaw) {
        fail_run(traced.run.run, traced.run_as.doing("under Memcheck"),
                 {.expected = "the lines that README.md asks for",
                  .observed = *flaw,
                  .evidence = fmt::format("$ {}\n{}", traced.run_as.command(), shown(traced.run.run.out)),
                  .next = all_at_once(traced.run_as)});
    }
}

/// What is wrong with the blocks of that run; empty: nothing.
std::string fault_of(const Traced& traced) {
    std::vector<evidence::Block> blocks = traced.run.trace.blocks();
    std::erase_if(blocks, [&](const evidence::Block& block) {
        return block.size < traced.task.chunk || block.size > traced.task.chunk + most_extra_bytes;
    });
    if (blocks.size() != traced.task.rounds) {
        return fmt::format("{} block(s) of {} bytes in {} rounds", blocks.size(), traced.task.chunk,
                           traced.task.rounds);
    }
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const bool is_last = i + 1 == blocks.size();
        if (traced.task.give_back && !blocks[i].freed_at) {
            return fmt::format("the block of round {} is never freed", i + 1);
        }
        if (traced.task.give_back && !is_last && *blocks[i].freed_at > blocks[i + 1].allocated_at) {
            return fmt::format("the block of round {} is freed after the next one was allocated", i + 1);
        }
        if (!traced.task.give_back && !is_last && blocks[i].freed_at &&
            *blocks[i].freed_at < blocks.back().allocated_at) {
            return fmt::format("without --free, the block of round {} is freed before the last round", i + 1);
        }
    }
    return {};
}

TEST(Blocks, AllocatesOneBlockARound) {
    for (Shared<Traced>* shared : {&kept_traced, &freed_traced}) {
        const Traced& traced = shared->get();
        expect_lines(traced);
        const std::string next =
            build_and("resident", traced.run_as.under("valgrind --leak-check=full") + " < /dev/null");
        const std::string fault = fault_of(traced);
        if (!fault.empty()) {
            fail({.expected = fmt::format(
                      "one block of {} bytes in each of {} rounds, {}", traced.task.chunk, traced.task.rounds,
                      traced.task.give_back ? "freed before the next one" : "none of them freed"),
                  .observed = fault,
                  .evidence = fmt::format("the calls of malloc and its like in {}", traced.run_as.command()),
                  .next = build_and("resident", traced.run_as.under("valgrind -q --trace-malloc=yes") +
                                                    " 2>&1 < /dev/null | grep -v resident")});
        }
        if (auto card = grading::first_memory_error({{.when = {}, .run = traced.run, .next = next}},
                                                    "resident.cpp")) {
            fail(std::move(*card));
        }
        grading::expect_exit_status(traced.run.run, 0, traced.run_as.doing("under Memcheck"));
    }
}

void fail_for_pages(const Session& session, const Look& look, std::uint64_t due, const std::string& observed,
                    const std::string& row) {
    fail({.expected = fmt::format("at \"touched {}\" the {} pages of the new block of {} bytes are in RAM",
                                  look.line.round, due, session.task.chunk),
          .observed = observed,
          .evidence = fmt::format("/proc/PID/{}   $ {}", row, session.experiment.command()),
          .next = all_at_once(session.experiment)});
}

/// Each page is there, and they are the program's own: the page of zeros that reading brings is not.
TEST(Blocks, TouchesEveryPage) {
    for (Shared<Session>* shared : {&kept, &given_back}) {
        const Session& session = shared->get();
        expect_lines(session);
        const std::uint64_t due = session.task.chunk / page + 1;
        const std::uint64_t begin = session.looks.front().outside.anonymous_bytes;
        for (const Look& look : session.looks) {
            if (look.line.what != "touched") {
                continue;
            }
            const std::uint64_t blocks = session.task.give_back ? 1 : look.line.round;
            const std::uint64_t anonymous = look.outside.anonymous_bytes;
            if (anonymous + mebibyte < begin + blocks * session.task.chunk) {
                fail_for_pages(session, look, due,
                               fmt::format("since \"start 0\" {} of its own have come, for {} block(s)",
                                           kilobytes(anonymous > begin ? anonymous - begin : 0), blocks),
                               "status, RssAnon");
            }
            // Without --free each block lies where nothing was before.
            if (!session.task.give_back && look.added && look.added->pages_in_use < due) {
                fail_for_pages(session, look, due, fmt::format("{} pages are", look.added->pages_in_use),
                               "pagemap, what was mapped since the line before");
            }
        }
    }
}

TEST(Blocks, LeavesUntouchedBlocksAlone) {
    const Session& session = untouched.get();
    expect_lines(session);
    for (std::size_t i = 1; i < session.looks.size(); ++i) {
        const evidence::ProcessSample& before = session.looks[i - 1].outside;
        const evidence::ProcessSample& after = session.looks[i].outside;
        const bool has_addresses =
            after.virtual_bytes + kibibyte * 64 >= before.virtual_bytes + session.task.chunk;
        const bool is_untouched = after.anonymous_bytes <= before.anonymous_bytes + tolerance;
        if (has_addresses && is_untouched) {
            continue;
        }
        fail(
            {.expected =
                 fmt::format("--no-touch: from one line to the next {} of addresses more, and hardly any RAM",
                             kilobytes(session.task.chunk)),
             .observed = fmt::format(
                 "up to \"allocated {}\" VmSize went from {} to {}, RssAnon from {} to {}",
                 session.looks[i].line.round, kilobytes(before.virtual_bytes), kilobytes(after.virtual_bytes),
                 kilobytes(before.anonymous_bytes), kilobytes(after.anonymous_bytes)),
             .evidence = fmt::format("/proc/PID/status   $ {}", session.experiment.command()),
             .next = all_at_once(session.experiment)});
    }
}

TEST(Blocks, ReportsAfterTheFree) {
    const Session& session = given_back.get();
    expect_lines(session);
    for (std::uint64_t round = 1; round <= session.task.rounds; ++round) {
        const evidence::ProcessSample& touched = session.at("touched", round).outside;
        const evidence::ProcessSample& freed = session.at("freed", round).outside;
        if (freed.virtual_bytes + session.task.chunk <= touched.virtual_bytes + mebibyte) {
            continue;
        }
        fail({.expected = fmt::format(
                  "from \"touched {0}\" to \"freed {0}\" a block of {1} goes: one above 32 MiB is "
                  "given back to the kernel at once",
                  round, kilobytes(session.task.chunk)),
              .observed = fmt::format("VmSize {} at the first line, {} at the second",
                                      kilobytes(touched.virtual_bytes), kilobytes(freed.virtual_bytes)),
              .evidence = fmt::format("/proc/PID/status   $ {}", session.experiment.command()),
              .next = build_and("resident", session.experiment.under("strace -e trace=mmap,munmap,write") +
                                                " < /dev/null")});
    }
}

/// Nobody looks, and its own memory is limited: with and without --free.
struct Unwatched {
    Task task;
    Experiment limited;
    process::Run run;
};

Unwatched in_64_mib(Lab& lab, bool give_back) {
    const Task task{.rounds = 40, .chunk = drawn(3'900'000, 4'300'000), .give_back = give_back};
    Experiment limited = experiment(task);
    limited.limits.data_bytes = 64 * mebibyte;
    return {task, limited, limited.native(lab)};
}

Shared<Unwatched> enough_for_a_plateau{[](Lab& lab) { return in_64_mib(lab, true); }};
Shared<Unwatched> too_little_for_all{[](Lab& lab) { return in_64_mib(lab, false); }};

TEST(Blocks, StaysFlatWhenEverythingIsFreed) {
    const Session& session = forty_rounds.get();
    expect_lines(session);
    const std::uint64_t begin = session.looks.front().outside.resident_bytes;
    const std::uint64_t most = begin + 2 * session.task.chunk + tolerance;
    for (const Look& look : session.looks) {
        if (look.outside.resident_bytes > most) {
            fail({.expected =
                      fmt::format("40 rounds with --free: never more resident than two blocks more than at "
                                  "\"start 0\", {}",
                                  kilobytes(most)),
                  .observed = fmt::format("{} at \"{} {}\"", kilobytes(look.outside.resident_bytes),
                                          look.line.what, look.line.round),
                  .evidence = fmt::format("/proc/PID/status, VmRSS   $ {}", session.experiment.command()),
                  .next = all_at_once(session.experiment)});
        }
    }
    const Unwatched& plateau = enough_for_a_plateau.get();
    const auto flaw = grading::flaw_in_output(plateau.run.out, plateau.task.lines());
    if (flaw || !plateau.run.status.exited_with(0)) {
        fail_run(plateau.run, plateau.limited.doing(),
                 {.expected = "40 rounds with --free in 64 MiB of its own memory: all lines, exit status 0",
                  .observed = fmt::format("{}; {}", flaw.value_or("all lines"), plateau.run.describe()),
                  .evidence = fmt::format("$ {}   (RLIMIT_DATA: 64 MiB)", plateau.limited.command()),
                  .next = build_and("resident", fmt::format("(ulimit -d 65536; {} < /dev/null)",
                                                            plateau.limited.command()))});
    }
    const Unwatched& leak = too_little_for_all.get();
    if (!leak.run.status.exited_with(3)) {
        fail_run(
            leak.run, leak.limited.doing(),
            {.expected =
                 "40 rounds without --free in 64 MiB of its own memory: malloc returns NULL, exit status 3",
             .observed = leak.run.describe(),
             .evidence = fmt::format("$ {}   (RLIMIT_DATA: 64 MiB)", leak.limited.command()),
             .next = build_and("resident",
                               fmt::format("(ulimit -d 65536; {} < /dev/null)", leak.limited.command()))});
    }
}

}  // namespace
