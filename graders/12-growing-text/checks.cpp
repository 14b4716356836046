// Grader of activity 12: a text that doubles.
//
// No printed area is believed: strace's record of brk, mmap, mremap and munmap tells what each address was a
// part of when its line was written. Memcheck's trace tells of every block: how large, when, and whether the
// one before was still there. Limits on memory are real.
//
// Here stand the checks on lines and usage; area_checks.cpp, block_checks.cpp, memory_checks.cpp and
// answers_checks.cpp hold the others.

#include <fmt/format.h>

#include <string>
#include <vector>

#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace growing;

/// Nobody watches, and the sizes are other ones.
Shared<std::vector<std::pair<Growth, process::Run>>> unwatched{[](Lab& lab) {
    std::vector<std::pair<Growth, process::Run>> runs;
    for (const auto& [mode, most] :
         std::vector<std::pair<std::string, std::uint64_t>>{{"string", drawn(1000, 9000)},
                                                            {"reserve", drawn(17, 60)},
                                                            {"realloc", drawn(1000, 9000)},
                                                            {"string", 1},
                                                            {"realloc", 1},
                                                            {"reserve", 16}}) {
        const Growth growth{mode, most};
        runs.emplace_back(growth, growth.experiment().native(lab));
    }
    return runs;
}};

TEST(Growing, PrintsALineForEachSize) {
    for (Shared<Watched>* shared : {&string_watched, &reserve_watched, &realloc_watched}) {
        const Watched& watched = shared->get();
        expect_lines(watched);
        grading::expect_exit_status(watched.run.run, 0, watched.experiment.doing("under strace"));
    }
    for (const auto& [growth, run] : unwatched.get()) {
        const Experiment experiment = growth.experiment();
        expect_lines(run, lines_in(run.out, growth.most), experiment, {});
        grading::expect_exit_status(run, 0, experiment.doing());
    }
}

TEST(Growing, RefusesBadUsage) {
    const std::vector<std::vector<std::string>> wrong = {{},
                                                         {"string"},
                                                         {"string", "0"},
                                                         {"string", "12x"},
                                                         {"string", "-1"},
                                                         {"other", "5"},
                                                         {"realloc", ""},
                                                         {"string", "5", "6"}};
    for (const auto& arguments : wrong) {
        Experiment experiment{.program = "growing", .arguments = arguments};
        experiment.limits.data_bytes = 64 * mebibyte;
        experiment.limits.output_bytes = 64 * kibibyte;
        const process::Run run = experiment.native(lab());
        if (run.status.exited_with(2) && run.out.empty() && !run.err.empty()) {
            continue;
        }
        fail({.expected = "a message on stderr, nothing on stdout, exit status 2",
              .observed = run.describe() + (run.err.empty() ? "; nothing on stderr" : ""),
              .evidence = fmt::format("$ {}\nstdout: {}", experiment.command(), shown(run.out, 2)),
              .next = build_and("growing", experiment.command()) + "; echo \"exit status $?\""});
    }
}

}  // namespace
