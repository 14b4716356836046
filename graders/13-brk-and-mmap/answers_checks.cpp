// Grader of activity 13: answers.toml, compared with live runs of programs that the grader trusts. A card
// never tells which answer is wrong.

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace alloc_size;

SyscallRun record(Lab& lab, const grading::Program& program, std::vector<std::string> arguments) {
    evidence::SyscallOptions options;
    options.arguments = std::move(arguments);
    SyscallRun run = lab.syscalls(program, options);
    if (!run.run.succeeded()) {
        grading::raise({process::ErrorKind::failed,
                        fmt::format("the grader's own {}: {}", program.source, run.run.describe()),
                        "run it by hand: it lies in graders/13-brk-and-mmap"});
    }
    return run;
}

Shared<SyscallRun> heap_blocks{[](Lab& lab) {
    return record(lab, lab.reference("alloc_size"), {"32768", "100"});
}};
Shared<SyscallRun> two_rounds{[](Lab& lab) {
    return record(lab, lab.reference("alloc_size"), {"262144", "20", "2"});
}};

/// Whether the heap ends below half of what it was when probes/give_back has freed its blocks.
bool gives_back(Lab& lab, const std::string& size, const std::string& count, const std::string& order) {
    const SyscallRun run = record(lab, lab.probe("probes/give_back.cpp"), {size, count, order});
    const auto lines = run.paced_lines();
    if (lines.size() != 2) {
        grading::raise({process::ErrorKind::failed, "the grader's own give_back.cpp: " + shown(run.run.out),
                        "run it by hand: it lies in graders/13-brk-and-mmap/probes"});
    }
    const evidence::AddressSpace space(run.calls);
    return space.heap_after(lines[1].call) < space.heap_after(lines[0].call) / 2;
}

Shared<std::vector<bool>> given_back{[](Lab& lab) {
    return std::vector<bool>{
        gives_back(lab, "100000", "100", "all-but-the-last"), gives_back(lab, "1000", "10000", "forwards"),
        gives_back(lab, "1000", "10000", "backwards"), gives_back(lab, "24", "100000", "forwards")};
}};

/// Between the first line and the one that says "allocated".
std::int64_t growing_brk_calls(const SyscallRun& run, std::size_t count) {
    const auto lines = run.paced_lines();
    std::int64_t calls = 0;
    std::int64_t before = 0;
    for (std::size_t i = 0; i <= lines.at(count).call; ++i) {
        const evidence::SystemCall& call = run.calls[i];
        if (call.name != "brk" || !call.result) {
            continue;
        }
        const bool grows = before != 0 && *call.result > before;
        calls += grows && i > lines.front().call ? 1 : 0;
        before = *call.result;
    }
    return calls;
}

std::string place_of_blocks(const SyscallRun& run, std::size_t count, std::size_t round) {
    const Rounds rounds = rounds_of(run.paced_lines(), count, 2);
    const Round& asked = rounds.rounds.at(round - 1);
    const evidence::AddressSpace space(run.calls);
    const auto area = space.area_at(asked.allocated_at, asked.addresses.back());
    return area == evidence::Area::heap ? "heap" : "mapping";
}

TEST(Answers, AnswersWhatMallocAsksFor) {
    const grading::Answers answers = lab().answers();
    const std::vector<std::string> places{"heap", "mapping"};
    const std::int64_t calls = answers.integer("ask", "brk_calls_for_100_blocks_of_32_kib");
    const std::string first = answers.choice("ask", "blocks_of_256_kib_in_round_1", places);
    const std::string second = answers.choice("ask", "blocks_of_256_kib_in_round_2", places);
    const std::int64_t measured = growing_brk_calls(heap_blocks.get(), 100);
    const int right = (std::abs(calls - measured) <= 1 ? 1 : 0) +
                      (first == place_of_blocks(two_rounds.get(), 20, 1) ? 1 : 0) +
                      (second == place_of_blocks(two_rounds.get(), 20, 2) ? 1 : 0);
    grading::expect_all_right(
        right, 3, "[ask]",
        build_and("alloc_size", "strace -e trace=brk,mmap,munmap,write ./alloc_size 32768 100"));
}

TEST(Answers, AnswersWhatTheKernelGetsBack) {
    const grading::Answers answers = lab().answers();
    const std::vector<bool>& measured = given_back.get();
    const std::vector<const char*> keys{"all_but_the_last_of_100_blocks", "blocks_of_1000_bytes_forwards",
                                        "blocks_of_1000_bytes_backwards", "blocks_of_24_bytes_forwards"};
    int right = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        right += answers.boolean("give_back", keys[i]) == measured[i] ? 1 : 0;
    }
    grading::expect_all_right(
        right, 4, "[give_back]",
        "../../scripts/lab hint 13   # the program is among the hints for answers.toml");
}

}  // namespace
