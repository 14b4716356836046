// Grader of activity 10: answers.toml, compared with programs that the grader builds and runs. A card never
// tells which answer is wrong.

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

#include "runs.hpp"
#include "vmlab/evidence/procfs.hpp"

namespace {

using namespace linkage;

constexpr const char* how_to_look =
    "../../scripts/lab hint 10   # the hints for answers.toml say how to look";

/// A program that waits in main, as it was built and as it is while it waits.
struct Waiting {
    std::uint64_t file_bytes = 0;
    Facts facts;
    evidence::ProcessSample sample;
    std::size_t mappings = 0;
};

Waiting look(Lab& lab, const std::vector<std::string>& flags, bool debug_info = true) {
    const grading::Program program =
        lab.probe("probes/waits.cpp", {.debug_info = debug_info, .extra_flags = flags, .with_fmt = false});
    Waiting waiting;
    waiting.file_bytes = std::filesystem::file_size(program.executable);
    waiting.facts = facts_of(program.executable);
    bool seen = false;
    grading::NativeOptions how;
    how.start.huge_pages = false;
    how.on_pause = [&](const process::Pause& pause) -> std::optional<std::string> {
        const auto sample = evidence::sample_process(pause.pid);
        const auto mappings = evidence::read_mappings(pause.pid);
        if (sample && !seen) {
            waiting.sample = *sample;
            waiting.mappings = mappings ? mappings->size() : 0;
            seen = true;
        }
        return "\n";
    };
    const process::Run run = lab.native(program, how);
    if (!run.succeeded() || !seen) {
        grading::raise({process::ErrorKind::failed, "the grader's own waits.cpp: " + run.describe(),
                        "run it by hand: it lies in graders/10-static-dynamic/probes"});
    }
    return waiting;
}

Shared<Waiting> as_always{[](Lab& lab) { return look(lab, {}); }};
Shared<Waiting> statically{[](Lab& lab) { return look(lab, {"-static"}); }};
Shared<Waiting> static_pie{[](Lab& lab) { return look(lab, {"-static-pie"}); }};
Shared<Waiting> no_pie{[](Lab& lab) { return look(lab, {"-no-pie"}); }};
Shared<Waiting> with_zeros{[](Lab& lab) { return look(lab, {"-DZEROS=1000000"}); }};
Shared<Waiting> without_debug_info{[](Lab& lab) { return look(lab, {}, false); }};

TEST(Answers, AnswersWhichIsLarger) {
    const grading::Answers answers = lab().answers();
    const std::vector<std::string> kinds{"static", "dynamic"};
    const std::vector<std::string> keys{"file", "address_space", "resident", "page_faults", "mappings"};
    std::vector<std::string> answered;
    answered.reserve(keys.size());
    for (const std::string& key : keys) {
        answered.push_back(answers.choice("larger", key, kinds));
    }
    const Waiting& fixed = statically.get();
    const Waiting& linked = as_always.get();
    const auto larger = [](std::uint64_t of_static, std::uint64_t of_dynamic) {
        return std::string(of_static > of_dynamic ? "static" : "dynamic");
    };
    const std::vector<std::string> measured{larger(fixed.file_bytes, linked.file_bytes),
                                            larger(fixed.sample.virtual_bytes, linked.sample.virtual_bytes),
                                            larger(fixed.sample.resident_bytes, linked.sample.resident_bytes),
                                            larger(fixed.sample.minor_faults, linked.sample.minor_faults),
                                            larger(fixed.mappings, linked.mappings)};
    int right = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        right += answered[i] == measured[i] ? 1 : 0;
    }
    grading::expect_all_right(right, static_cast<int>(keys.size()), "[larger]", how_to_look);
}

TEST(Answers, AnswersWhatIsInside) {
    const grading::Answers answers = lab().answers();
    const std::int64_t libraries = answers.integer("inside", "libraries_of_the_static_one");
    const std::string addresses =
        answers.choice("inside", "addresses_with_static_pie", {"fixed", "relocatable"});
    const bool interpreter = answers.boolean("inside", "no_pie_has_an_interpreter");
    const bool file_grows = answers.boolean("inside", "file_grows_with_zeros");
    const bool space_grows = answers.boolean("inside", "address_space_grows_with_zeros");
    const bool debugging = answers.boolean("inside", "debugging_information_is_counted_by_size");
    const auto grows = [](std::uint64_t from, std::uint64_t to) { return to > from + 500'000; };
    const auto sum = [](const Facts& facts) { return facts.text + facts.data + facts.bss; };
    const Waiting& usual = as_always.get();
    const int right =
        (libraries == static_cast<std::int64_t>(statically.get().facts.needed.size()) ? 1 : 0) +
        (addresses == (static_pie.get().facts.fixed ? "fixed" : "relocatable") ? 1 : 0) +
        (interpreter == (no_pie.get().facts.interpreter != "none") ? 1 : 0) +
        (file_grows == grows(usual.file_bytes, with_zeros.get().file_bytes) ? 1 : 0) +
        (space_grows == grows(usual.sample.virtual_bytes, with_zeros.get().sample.virtual_bytes) ? 1 : 0) +
        (debugging == (sum(usual.facts) > sum(without_debug_info.get().facts) + 1000) ? 1 : 0);
    grading::expect_all_right(right, 6, "[inside]", how_to_look);
}

}  // namespace
