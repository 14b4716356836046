#pragma once

// How linkage is run for evidence, each run made once and shared by the checks that need it.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "elf_file.hpp"
#include "vmlab/evidence/elf_layout.hpp"
#include "vmlab/grading/experiment.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/lab.hpp"
#include "vmlab/grading/output.hpp"

namespace linkage {

using namespace vmlab;
using grading::build_and;
using grading::BuildOptions;
using grading::Card;
using grading::Experiment;
using grading::fail;
using grading::fail_run;
using grading::Lab;
using grading::lab;
using grading::Shared;
using grading::shown;

inline const BuildOptions static_build{.debug_info = true, .extra_flags = {"-static"}, .with_fmt = false};

inline Experiment experiment(const std::filesystem::path& file) {
    return {.program = "linkage", .arguments = {file.string()}};
}

/// What a run printed, line by line.
struct Printed {
    std::optional<std::string> interpreter;
    std::vector<std::string> needed;
    std::optional<std::string> addresses;
    std::optional<std::uint64_t> text;
    std::optional<std::uint64_t> data;
    std::optional<std::uint64_t> bss;
    bool in_order = false;  ///< these lines in this order, and no other
};

inline Printed read_lines(const std::string& out) {
    Printed printed;
    std::string kinds;
    for (const std::string& line : grading::lines_of(out)) {
        const auto words = grading::words_of(line);
        const std::string_view first = words.empty() ? std::string_view() : words[0];
        if (first == "interpreter" && line.size() > 12) {
            printed.interpreter = line.substr(12);
            kinds += 'i';
        } else if (first == "needs" && line.size() > 6) {
            printed.needed.push_back(line.substr(6));
            kinds += kinds.ends_with('n') ? "" : "n";
        } else if (first == "addresses" && words.size() == 2) {
            printed.addresses = words[1];
            kinds += 'a';
        } else if (words.size() == 6 && first == "text" && words[2] == "data" && words[4] == "bss") {
            printed.text = grading::whole_number(words[1]);
            printed.data = grading::whole_number(words[3]);
            printed.bss = grading::whole_number(words[5]);
            kinds += 's';
        } else {
            kinds += '?';
        }
    }
    printed.in_order = (kinds == "inas" || kinds == "ias") && out.ends_with('\n');
    return printed;
}

/// One file, what is right about it, and what the program said of it.
struct Case {
    std::string what;  ///< "a dynamic file, drawn"
    Facts facts;
    std::filesystem::path file;
    process::Run run;
    Printed printed;
};

inline Facts facts_of(const std::filesystem::path& executable) {
    const auto layout = evidence::read_elf_layout(executable);
    if (!layout) {
        grading::raise(layout.error());
    }
    const evidence::SectionSums sums = layout->sums();
    return {.interpreter = layout->interpreter.value_or("none"),
            .needed = layout->needed,
            .fixed = !layout->relocatable,
            .text = sums.text,
            .data = sums.data,
            .bss = sums.bss};
}

inline Case tell(Lab& lab, const grading::Program& program, std::string what, Facts facts,
                 const std::filesystem::path& file) {
    grading::NativeOptions how;
    how.arguments = {file.string()};
    how.readable = {file};
    Case made{.what = std::move(what),
              .facts = std::move(facts),
              .file = file,
              .run = lab.native(program, how),
              .printed = {}};
    made.printed = read_lines(made.run.out);
    return made;
}

/// Drawn files of several shapes; a real executable built for each of the two kinds of addresses.
inline std::vector<Case> tell_all(Lab& lab, const grading::Program& program) {
    std::vector<Case> cases;
    ElfWriter writer;
    const std::vector<std::pair<std::string, Shape>> shapes = {
        {"a file with drawn libraries", {.type = drawn_type()}},
        {"a file without interpreter", {.is_dynamic = false, .type = drawn_type()}},
        {"a fixed file with more than a MiB of debug information",
         {.type = ET_EXEC, .more_bytes = drawn(1'100'000, 2'000'000)}},
        {"a relocatable file with tables of longer entries",
         {.type = ET_DYN, .longer_entries = 8 * drawn(1, 4)}},
        {"an object file of hundreds of sections",
         {.is_dynamic = false, .type = ET_REL, .more_sections = drawn(260, 400)}},
    };
    for (const auto& [what, shape] : shapes) {
        const DrawnFile drawn = writer.file(shape);
        cases.push_back(tell(lab, program, what, drawn.facts, lab.given_file("drawn", drawn.content)));
    }
    for (const auto& [what, flags] : std::vector<std::pair<std::string, std::vector<std::string>>>{
             {"a program built as always", {}}, {"a program built with -no-pie", {"-no-pie"}}}) {
        const grading::Program real =
            lab.probe("probes/waits.cpp", {.debug_info = true, .extra_flags = flags, .with_fmt = true});
        cases.push_back(tell(lab, program, what, facts_of(real.executable), real.executable));
    }
    return cases;
}

inline Shared<std::vector<Case>> cases{[](Lab& lab) { return tell_all(lab, lab.program("linkage")); }};
inline Shared<std::vector<Case>> cases_of_the_static_one{
    [](Lab& lab) { return tell_all(lab, lab.program("linkage", static_build)); }};

/// What is due, as it would be printed.
inline std::string due(const Facts& facts) {
    std::string lines = fmt::format("interpreter {}\n", facts.interpreter);
    for (const std::string& library : facts.needed) {
        lines += fmt::format("needs {}\n", library);
    }
    return lines + fmt::format("addresses {}\ntext {} data {} bss {}", facts.fixed ? "fixed" : "relocatable",
                               facts.text, facts.data, facts.bss);
}

[[noreturn]] inline void fail_case(const Case& one, const std::string& expected,
                                   const std::string& observed) {
    fail_run(one.run, fmt::format("running ./linkage on {}", one.what),
             {.expected = expected,
              .observed = observed,
              .evidence = fmt::format("{}: all that is due\n{}", one.what, due(one.facts)),
              .next = build_and("linkage", "./linkage linkage; readelf -lSdW linkage; size linkage")});
}

}  // namespace linkage
