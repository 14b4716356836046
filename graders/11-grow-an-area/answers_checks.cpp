// Grader of activity 11: answers.toml, compared with programs that the grader builds and runs. A card never
// tells which answer is wrong.

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "runs.hpp"

namespace {

using namespace areas;

const std::filesystem::path solution = "solution/areas.cpp";
constexpr std::uint64_t asked = 4000 * kibibyte;

constexpr const char* how_to_look =
    "../../scripts/lab hint 11   # the hints for answers.toml say how to look";

/// A trusted program while it waits.
struct Waiting {
    process::Run run;
    evidence::ProcessSample sample;
    std::vector<Mapping> mappings;
};

Waiting look(Lab& lab, const grading::Program& program, std::vector<std::string> arguments) {
    Waiting waiting;
    grading::NativeOptions how;
    how.arguments = std::move(arguments);
    how.start.huge_pages = false;
    how.on_pause = [&](const process::Pause& pause) -> std::optional<std::string> {
        if (const auto sample = evidence::sample_process(pause.pid); sample && waiting.mappings.empty()) {
            waiting.sample = *sample;
            waiting.mappings = evidence::read_mappings(pause.pid).value_or(std::vector<Mapping>());
        }
        return "\n";
    };
    waiting.run = lab.native(program, how);
    return waiting;
}

/// One that has to come to its wait.
Waiting look_at_waiting(Lab& lab, const grading::Program& program, std::vector<std::string> arguments) {
    Waiting waiting = look(lab, program, std::move(arguments));
    if (!waiting.run.succeeded() || waiting.mappings.empty()) {
        grading::raise({process::ErrorKind::failed,
                        fmt::format("the grader's own {}: {}", program.source, waiting.run.describe()),
                        "run it by hand: it lies in graders/11-grow-an-area"});
    }
    return waiting;
}

struct Bss {
    bool grows_file = false;
    bool is_resident = false;
};

Shared<Bss> bss{[](Lab& lab) {
    const grading::Program small = lab.probe(solution);
    const grading::Program large = lab.probe(solution, with_macros({{"BSS_KIB", 4000}}));
    const auto file_bytes = [](const grading::Program& program) {
        return std::filesystem::file_size(program.executable);
    };
    const std::uint64_t resident = look_at_waiting(lab, small, {}).sample.resident_bytes;
    const std::uint64_t resident_large = look_at_waiting(lab, large, {}).sample.resident_bytes;
    return Bss{file_bytes(large) > file_bytes(small) + asked / 2, resident_large > resident + asked / 2};
}};

/// Whether a block of 1 MiB lies in [heap].
Shared<bool> block_in_heap{[](Lab& lab) {
    const Waiting waiting = look_at_waiting(lab, lab.probe("probes/one_block.cpp"), {});
    const auto address = grading::address_of(grading::last_line(waiting.run.out));
    return std::ranges::any_of(waiting.mappings, [&](const Mapping& mapping) {
        return address && mapping.contains(*address) && mapping.path == "[heap]";
    });
}};

Shared<bool> stack_shrinks{[](Lab& lab) {
    const Waiting waiting = look_at_waiting(lab, lab.probe(solution), {"--stack", "3000"});
    return std::ranges::none_of(waiting.mappings, [](const Mapping& mapping) {
        return mapping.path == "[stack]" && mapping.bytes() >= 1000 * kibibyte;
    });
}};

Shared<std::string> too_deep{[](Lab& lab) {
    const process::Run run = look(lab, lab.probe(solution), {"--stack", "9000"}).run;
    if (run.status.signal == SIGSEGV) {
        return std::string("SIGSEGV");
    }
    return std::string(run.status.exited_with(1) ? "exit status 1" : "as always");
}};

TEST(Answers, AnswersWhatGrows) {
    const grading::Answers answers = lab().answers();
    const bool file = answers.boolean("grows", "file_grows_with_bss");
    const bool resident = answers.boolean("grows", "untouched_bss_is_resident");
    const bool heap = answers.boolean("grows", "block_of_1_mib_is_in_heap");
    const int right = (file == bss.get().grows_file ? 1 : 0) + (resident == bss.get().is_resident ? 1 : 0) +
                      (heap == block_in_heap.get() ? 1 : 0);
    grading::expect_all_right(right, 3, "[grows]", how_to_look);
}

TEST(Answers, AnswersWhatShrinks) {
    const grading::Answers answers = lab().answers();
    const bool shrinks = answers.boolean("shrinks", "stack_shrinks_after_return");
    const std::string end =
        answers.choice("shrinks", "stack_of_9000_kib", {"SIGSEGV", "exit status 1", "as always"});
    const int right = (shrinks == stack_shrinks.get() ? 1 : 0) + (end == too_deep.get() ? 1 : 0);
    grading::expect_all_right(right, 2, "[shrinks]", how_to_look);
}

}  // namespace
