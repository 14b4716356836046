// Grader of activity 11: what grows at run time, and where the printed addresses lie.

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <string>

#include "runs.hpp"
#include "vmlab/grading/memory_errors.hpp"

namespace {

using namespace areas;

std::string shown_mapping(const Mapping* mapping) {
    return mapping == nullptr
               ? std::string("no mapping")
               : fmt::format("{:x}-{:x} {} {}", mapping->start, mapping->end, mapping->permissions,
                             mapping->path.empty() ? "(anonymous)" : mapping->path);
}

[[noreturn]] void fail_thing(const Session& session, std::string_view thing, const std::string& expected,
                             const std::string& observed) {
    const std::uint64_t address = session.address(thing);
    fail({.expected = fmt::format("{}: an address in {}", thing, expected),
          .observed = observed,
          .evidence = fmt::format("printed: {} {:#x}; /proc/PID/maps: {}", thing, address,
                                  shown_mapping(session.mapping_at(address))),
          .next = session.next()});
}

void expect_places(const Session& session) {
    expect_lines(session);
    const auto first = std::ranges::find(session.build.layout.segments, 1U, &evidence::ElfSegment::type);
    const std::uint64_t bias = (session.program_headers & ~std::uint64_t{0xfff}) -
                               (first == session.build.layout.segments.end() ? 0 : first->address);
    for (std::size_t i = 0; i < sections.size(); ++i) {
        const std::uint64_t address = session.address(things[i]);
        const evidence::ElfSection* section = session.mapping_at(address) == nullptr
                                                  ? nullptr
                                                  : session.build.layout.section_at(address - bias);
        if (section == nullptr || section->name != sections[i].section) {
            fail_thing(session, things[i], fmt::format("the program's section {}", sections[i].section),
                       section == nullptr ? "it lies in no section of the program's"
                                          : "it lies in " + section->name);
        }
    }
    for (const auto& [thing, path] : {std::pair{"heap", "[heap]"}, std::pair{"stack", "[stack]"}}) {
        const Mapping* mapping = session.mapping_at(session.address(thing));
        if (mapping == nullptr || mapping->path != path) {
            fail_thing(session, thing, path, "it does not lie there");
        }
    }
}

TEST(Runs, AreasLieInTheirMappings) {
    expect_places(usual.get());
    expect_places(all_grown.get());
    expect_places(more_heap.get().session);
    expect_places(more_stack.get().session);
}

/// malloc asks for 132 KiB more than it needs, and rounds.
constexpr std::uint64_t steps_of_the_heap = 136 * kibibyte;

[[noreturn]] void fail_growth(const Grown& grown, const std::string& expected) {
    const Session& session = grown.session;
    std::string rows;
    for (const std::string_view path : {"[heap]", "[stack]", ""}) {
        rows += fmt::format("{}{} {} -> {} KiB", rows.empty() ? "" : ", ", path.empty() ? "anonymous" : path,
                            usual.get().bytes_of(path) / kibibyte, session.bytes_of(path) / kibibyte);
    }
    fail({.expected = expected,
          .observed = rows,
          .evidence = fmt::format("/proc/PID/maps of ./areas and of {}", session.experiment.command()),
          .next = session.next()});
}

bool is_same(std::uint64_t one, std::uint64_t other, std::uint64_t slack) {
    return std::max(one, other) - std::min(one, other) <= slack;
}

TEST(Runs, GrowsTheHeap) {
    expect_lines(usual.get());
    const Grown& grown = more_heap.get();
    expect_lines(grown.session);
    const std::uint64_t asked = grown.kibibytes * kibibyte;
    const std::uint64_t before = usual.get().bytes_of("[heap]");
    const std::uint64_t after = grown.session.bytes_of("[heap]");
    const bool has_grown =
        after + steps_of_the_heap >= before + asked && after <= before + 3 * asked + steps_of_the_heap;
    if (!has_grown || !is_same(usual.get().bytes_of(""), grown.session.bytes_of(""), 64 * kibibyte)) {
        fail_growth(
            grown, fmt::format(
                       "--heap {}: [heap] grows by so many KiB (give or take malloc's steps of 132), and the "
                       "anonymous mappings do not",
                       grown.kibibytes));
    }
}

TEST(Runs, HeapComesFromTheAllocator) {
    expect_lines(more_heap.get().session);
    const Experiment run_as = more_heap.get().session.experiment;
    const auto [run, blocks] = run_as.counted_until_it_waits(lab());
    if (blocks.overflowed) {
        return;  // more blocks than there is room for
    }
    std::uint64_t held = 0;
    for (const evidence::NativeBlock& block : blocks.blocks) {
        held += block.given_back ? 0 : block.size;
    }
    if (held >= more_heap.get().kibibytes * kibibyte) {
        return;
    }
    const Card card{
        .expected =
            fmt::format("while it waits, {} KiB in blocks of malloc and its like", more_heap.get().kibibytes),
        .observed = fmt::format("{} KiB", held / kibibyte),
        .evidence = fmt::format("{} blocks were taken, by {}", blocks.blocks.size(), run_as.command()),
        .next = grading::build_and("areas", run_as.under("ltrace -c") + " < /dev/null")};
    if (run.status.killed_by(SIGKILL)) {
        fail(card);  // by us, when it waited
    }
    fail_run(run, run_as.doing("with its blocks counted"), card);
}

TEST(Runs, GrowsTheStack) {
    expect_lines(usual.get());
    const Grown& grown = more_stack.get();
    expect_lines(grown.session);
    const std::uint64_t asked = grown.kibibytes * kibibyte;
    const std::uint64_t stack = grown.session.bytes_of("[stack]");
    if (stack < asked || stack > asked + asked / 2 + 300 * kibibyte) {
        fail_growth(grown, fmt::format("--stack {}: [stack] has so many KiB, and at most half as many more",
                                       grown.kibibytes));
    }
    const Mapping* mapping = grown.session.mapping_at(grown.session.address("stack"));
    if (mapping == nullptr || mapping->path != "[stack]") {
        fail_thing(grown.session, "stack", "[stack]", "it does not lie there");
    }
    // From the deep end: a frame, and what was called below it.
    if (mapping->end - grown.session.address("stack") + steps_of_the_heap < asked) {
        fail_thing(grown.session, "stack", "the deepest frame",
                   fmt::format("it lies {} KiB below the stack's beginning",
                               (mapping->end - grown.session.address("stack")) / kibibyte));
    }
}

TEST(Runs, GrowsNothingElse) {
    expect_lines(usual.get());
    const Grown& grown = more_stack.get();
    expect_lines(grown.session);
    const Session& session = grown.session;
    if (session.bytes_of("[stack]") < grown.kibibytes * kibibyte ||
        !is_same(usual.get().bytes_of("[heap]"), session.bytes_of("[heap]"), steps_of_the_heap) ||
        !is_same(usual.get().bytes_of(""), session.bytes_of(""), 64 * kibibyte)) {
        fail_growth(grown, fmt::format("--stack {}: [stack] grows, [heap] and the anonymous mappings stay",
                                       grown.kibibytes));
    }
}

TEST(Runs, KeepsToItsOwnStack) {
    const Grown& grown = more_stack.get();
    expect_lines(grown.session);
    if (grown.session.bytes_of("[stack]") < grown.kibibytes * kibibyte) {
        fail_growth(grown,
                    fmt::format("--stack {}: a stack that grows, by frames of functions", grown.kibibytes));
    }
    const Experiment run_as = experiment({"--stack", std::to_string(drawn(300, 1500))});
    const evidence::MemcheckRun run = run_as.memcheck(lab());
    const std::string next = grading::build_and("areas", run_as.under("valgrind -q") + " < /dev/null");
    if (auto card = grading::first_memory_error({{.when = {}, .run = run, .next = next}}, "areas.cpp")) {
        fail(std::move(*card));
    }
    grading::expect_exit_status(run.run, 0, run_as.doing("under Memcheck"));
}

}  // namespace
