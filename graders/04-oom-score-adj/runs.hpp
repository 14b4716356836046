#pragma once

// How the student's oom_score is run for evidence, and the questions that several checks ask of a run.

#include <chrono>
#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "claims.hpp"
#include "kernel_answers.hpp"
#include "vmlab/grading/grader.hpp"
#include "watched.hpp"

namespace oom_score {

using namespace std::chrono_literals;
using namespace vmlab;
using grading::Card;
using grading::excerpt;
using grading::fail;
using grading::Lab;
using grading::Shared;

constexpr std::uint64_t mebibyte = 1U << 20U;
inline const std::string compile = "g++ -std=c++20 -g -O0 -Wall -Wextra oom_score.cpp -lfmt -o oom_score";

/// A program that ignores its own limit gets NULL from malloc long before the machine suffers.
inline process::Limits cautious() {
    process::Limits limits;
    limits.wall = 20s;
    limits.address_space_bytes = 1024 * mebibyte;
    return limits;
}

inline evidence::SyscallRun record(Lab& lab, std::vector<std::string> arguments) {
    evidence::SyscallOptions options;
    options.arguments = std::move(arguments);
    options.limits = cautious();
    return lab.syscalls(lab.program("oom_score"), options);
}

inline Watched watch_until(Lab& lab, std::vector<std::string> arguments, const std::string& line) {
    grading::NativeOptions options;
    options.arguments = std::move(arguments);
    options.limits = cautious();
    options.limits.wall = 10s;
    return watch(lab, lab.program("oom_score"), options, line);
}

/// With nobody tracing it.
inline process::Run run_untraced(Lab& lab, std::vector<std::string> arguments,
                                 std::uint64_t address_space = cautious().address_space_bytes) {
    grading::NativeOptions options;
    options.arguments = std::move(arguments);
    options.limits = cautious();
    options.limits.address_space_bytes = address_space;
    return lab.native(lab.program("oom_score"), options);
}

/// Its one sleep between two chunks takes its time.
inline Shared<process::Run> untraced{[](Lab& lab) {
    return run_untraced(lab, {"--chunk-mb", "1", "--limit-mb", "2", "--pause", "1"});
}};

inline Shared<evidence::SyscallRun> by_options{[](Lab& lab) {
    return record(lab, {"--chunk-mb", "7", "--limit-mb", "21", "--pause", "3"});
}};
inline Shared<evidence::SyscallRun> adjusted{[](Lab& lab) {
    return record(lab, {"--adj", "321", "--chunk-mb", "8", "--limit-mb", "16", "--pause", "0"});
}};
inline Shared<Watched> grown{[](Lab& lab) {
    return watch_until(lab, {"--chunk-mb", "64", "--pause", "5"}, "0x");
}};

inline std::vector<std::string> texts(const std::vector<evidence::PacedLine>& lines) {
    std::vector<std::string> all;
    all.reserve(lines.size());
    for (const auto& line : lines) {
        all.push_back(line.text);
    }
    return all;
}

inline Claims claims_of(const std::string& out) {
    std::vector<std::string> lines;
    std::istringstream stream(out);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return claims_in(lines);
}

inline std::string evidence_about_scores(const evidence::SyscallRun& run) {
    const std::string rows = rows_about_scores(run);
    return rows.empty() ? "strace saw no call on a file named oom_score or oom_score_adj" : excerpt(rows);
}

inline std::string stdout_of(const process::Run& run) {
    return run.out.empty() ? "stdout is empty" : "stdout:\n" + excerpt(run.out);
}

/// Fails with reason timed-out, output-limit or crashed if the program came to such an end, else with the
/// card.
[[noreturn]] inline void fail_run(const process::Run& run, const std::string& doing, Card card) {
    grading::expect_exit(run, doing);
    fail(std::move(card));
}

}  // namespace oom_score
