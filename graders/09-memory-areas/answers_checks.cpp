// Grader of activity 9: answers.toml, compared with live runs of programs that the grader trusts. A card
// never tells which answer is wrong.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "runs.hpp"

namespace {

using namespace areas;

const std::filesystem::path probe_source = "probes/where.cpp";

/// What the probe tells of its things, in the order in which it prints them: main, a block, a small variable,
/// the end of a large array, a thread's local variable; each "ADDRESS PATH".
std::vector<std::vector<std::string>> ask_probe(Lab& lab, const grading::BuildOptions& build,
                                                bool random_addresses) {
    grading::NativeOptions how;
    how.start.random_addresses = random_addresses;
    const process::Run run = lab.native(lab.probe(probe_source, build), how);
    std::vector<std::vector<std::string>> lines;
    for (const std::string& line : grading::lines_of(run.out)) {
        lines.push_back(grading::words_of(line));
    }
    if (!run.succeeded() || lines.size() != 5) {
        grading::raise({process::ErrorKind::failed,
                        fmt::format("the grader's own where.cpp: {}, {}", run.describe(), shown(run.out)),
                        "run it by hand: it lies in graders/09-memory-areas/probes"});
    }
    return lines;
}

struct Moves {
    bool text = false;
    bool block = false;
    bool anything = false;
};

/// Four runs: that an address is drawn the same four times is less likely than 1 in 10^10.
Moves moves(Lab& lab, const grading::BuildOptions& build, bool random_addresses) {
    std::array<std::set<std::string>, 5> seen;
    for (int i = 0; i < 4; ++i) {
        const auto lines = ask_probe(lab, build, random_addresses);
        for (std::size_t k = 0; k < seen.size(); ++k) {
            seen[k].insert(lines[k].front());
        }
    }
    const bool anything =
        std::ranges::any_of(seen, [](const auto& addresses) { return addresses.size() > 1; });
    return {seen[0].size() > 1, seen[1].size() > 1, anything};
}

const grading::BuildOptions no_pie{.debug_info = true, .extra_flags = {"-no-pie"}, .with_fmt = true};

Shared<Moves> usual_moves{[](Lab& lab) { return moves(lab, {}, true); }};
Shared<Moves> moves_without_pie{[](Lab& lab) { return moves(lab, no_pie, true); }};
Shared<Moves> moves_without_randomness{[](Lab& lab) { return moves(lab, {}, false); }};
Shared<evidence::ElfLayout> layout_of_probe{[](Lab& lab) {
    auto layout = evidence::read_elf_layout(lab.probe(probe_source).executable);
    if (!layout) {
        grading::raise(layout.error());
    }
    return *layout;
}};
Shared<std::vector<std::vector<std::string>>> places{[](Lab& lab) { return ask_probe(lab, {}, true); }};

std::string section_of(const char* name) {
    const evidence::ElfSymbol* symbol = layout_of_probe.get().symbol(name);
    return symbol == nullptr ? std::string() : symbol->section;
}

TEST(Answers, AnswersWhatMoves) {
    const grading::Answers answers = lab().answers();
    const bool text = answers.boolean("moves", "text_moves");
    const bool fixed_text = answers.boolean("moves", "text_moves_without_pie");
    const bool heap = answers.boolean("moves", "heap_moves_without_pie");
    const bool anything = answers.boolean("moves", "anything_moves_with_setarch_R");
    const int right = (text == usual_moves.get().text ? 1 : 0) +
                      (fixed_text == moves_without_pie.get().text ? 1 : 0) +
                      (heap == moves_without_pie.get().block ? 1 : 0) +
                      (anything == moves_without_randomness.get().anything ? 1 : 0);
    grading::expect_all_right(right, 4, "[moves]",
                              build_and("areas", "for i in 1 2 3; do ./areas < /dev/null; done"));
}

TEST(Answers, AnswersWhereThingsLie) {
    const grading::Answers answers = lab().answers();
    const std::vector<std::string> sections{".rodata", ".data", ".bss", ".data.rel.ro"};
    const std::vector<std::string> areas{"file", "anonymous"};
    const std::string zero_constant = answers.choice("sections", "zero_constant", sections);
    const std::string zero_variable = answers.choice("sections", "zero_variable", sections);
    const std::string table = answers.choice("sections", "table_of_constant_pointers", sections);
    const std::string small = answers.choice("areas", "small_bss_variable", areas);
    const std::string large = answers.choice("areas", "end_of_a_large_bss_array", areas);
    const std::string thread = answers.choice("areas", "stack_of_a_second_thread", {"[stack]", "anonymous"});
    // A path with a slash is a file's.
    const auto area = [](std::size_t line) {
        const std::string& path = places.get().at(line).back();
        return path.starts_with('/') ? std::string("file") : path;
    };
    const int right = (zero_constant == section_of("zero_constant") ? 1 : 0) +
                      (zero_variable == section_of("zero_variable") ? 1 : 0) +
                      (table == section_of("table_of_constant_pointers") ? 1 : 0) +
                      (small == area(2) ? 1 : 0) + (large == area(3) ? 1 : 0) + (thread == area(4) ? 1 : 0);
    grading::expect_all_right(right, 6, "[sections] and [areas]",
                              "../../scripts/lab hint 9   # the hints for answers.toml say how to look");
}

}  // namespace
