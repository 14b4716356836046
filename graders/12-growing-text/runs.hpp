#pragma once

// How growing is run for evidence, each run made once and shared by the checks that need it.

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lines.hpp"
#include "vmlab/evidence/address_space.hpp"
#include "vmlab/grading/draw.hpp"
#include "vmlab/grading/experiment.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/output.hpp"

namespace growing {

using namespace vmlab;
using evidence::MemcheckRun;
using evidence::SyscallRun;
using grading::build_and;
using grading::Card;
using grading::drawn;
using grading::Experiment;
using grading::fail;
using grading::fail_run;
using grading::grouped;
using grading::Lab;
using grading::lab;
using grading::Shared;
using grading::shown;

constexpr std::uint64_t kibibyte = 1024;
constexpr std::uint64_t mebibyte = 1024 * kibibyte;

struct Growth {
    std::string mode;
    std::uint64_t most = 0;
    std::uint64_t threshold = 0;  ///< malloc's, in bytes; 0: as it is

    [[nodiscard]] Experiment experiment() const {
        Experiment run{.program = "growing", .arguments = {mode, std::to_string(most)}};
        if (threshold > 0) {
            run.environment["MALLOC_MMAP_THRESHOLD_"] = std::to_string(threshold);
        }
        run.limits.data_bytes = 512 * mebibyte;
        return run;
    }
};

/// Under strace: what it printed, and how its address space changed meanwhile.
struct Watched {
    Growth growth;
    Experiment experiment;
    SyscallRun run;
    Lines printed;
    evidence::AddressSpace space;
};

inline Watched watch(Lab& lab, const Growth& growth) {
    const Experiment experiment = growth.experiment();
    SyscallRun run = experiment.syscalls(lab);
    Lines printed = lines_in(run.paced_lines(), growth.most);
    evidence::AddressSpace space(run.calls);
    return {growth, experiment, std::move(run), std::move(printed), std::move(space)};
}

/// No power of two: the last step is a shorter one.
inline std::uint64_t drawn_size() {
    return drawn((1U << 20U) + 1, (1U << 22U) - 1) | 1U;
}

inline Shared<Watched> string_watched{[](Lab& lab) { return watch(lab, {"string", drawn_size()}); }};
inline Shared<Watched> reserve_watched{[](Lab& lab) { return watch(lab, {"reserve", drawn_size()}); }};
inline Shared<Watched> realloc_watched{[](Lab& lab) { return watch(lab, {"realloc", drawn_size()}); }};

/// Under Memcheck: every block. Smaller: a byte costs more there.
struct Traced {
    Growth growth;
    Experiment experiment;
    MemcheckRun run;
    Lines printed;
};

inline Traced trace(Lab& lab, const std::string& mode) {
    const Growth growth{mode, drawn(300'000, 700'000)};
    const Experiment experiment = growth.experiment();
    MemcheckRun run = experiment.memcheck(lab);
    Lines printed = lines_in(run.run.out, growth.most);
    // Areas are not judged there: /proc/self/maps has other names under Valgrind.
    return {growth, experiment, std::move(run), std::move(printed)};
}

inline Shared<Traced> string_traced{[](Lab& lab) { return trace(lab, "string"); }};
inline Shared<Traced> reserve_traced{[](Lab& lab) { return trace(lab, "reserve"); }};
inline Shared<Traced> realloc_traced{[](Lab& lab) { return trace(lab, "realloc"); }};

/// For a card: the program below strace.
inline std::string under_strace(const Experiment& experiment) {
    return build_and("growing", experiment.under("strace -e trace=brk,mmap,munmap,mremap,write"));
}

/// Without its lines nothing can be said of a run.
inline void expect_lines(const process::Run& run, const Lines& printed, const Experiment& experiment,
                         const std::string& how) {
    if (!printed.flaw) {
        return;
    }
    fail_run(run, experiment.doing(how),
             {.expected = fmt::format("a line for each size, 1, 2, 4, ..., {}: \"SIZE ROOM ADDRESS AREA\"",
                                      experiment.arguments.back()),
              .observed = *printed.flaw,
              .evidence = fmt::format("$ {}\n{}", experiment.command(), shown(run.out)),
              .next = build_and("growing", experiment.command())});
}

/// Nor with lines that left the program when its text had moved on.
inline void expect_lines(const Watched& watched) {
    expect_lines(watched.run.run, watched.printed, watched.experiment, "under strace");
    const std::vector<Line>& lines = watched.printed.lines;
    for (std::size_t i = 1; i < lines.size(); ++i) {
        if (lines[i].call == lines[i - 1].call) {
            fail({.expected = "each line is written out before the text grows on",
                  .observed = fmt::format("the lines for sizes {} and {} left the program together",
                                          lines[i - 1].size, lines[i].size),
                  .evidence = watched.run.calls[lines[i].call].row,
                  .next = under_strace(watched.experiment)});
        }
    }
}
inline void expect_lines(const Traced& traced) {
    expect_lines(traced.run.run, traced.printed, traced.experiment, "under Memcheck");
}

/// For a card: the line as it was printed.
inline std::string shown_line(const Line& line) {
    return fmt::format("{} {} {:#x} {}", line.size, line.room, line.address, line.area);
}

}  // namespace growing
