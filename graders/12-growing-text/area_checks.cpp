// Grader of activity 12: where the text lies. The truth is replayed from strace's record.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "runs.hpp"
#include "vmlab/grading/grader.hpp"

namespace {

using namespace growing;

/// What the kernel maps at execve is in no record of calls: the stack lies above all mappings (x86-64), the
/// program itself below them.
constexpr std::uint64_t stacks_begin = 0x7ff000000000;

std::string true_area(const Watched& watched, const Line& line) {
    switch (watched.space.area_at(line.call, line.address)) {
        case evidence::Area::heap:
            return "heap";
        case evidence::Area::elsewhere:
            return line.address >= stacks_begin ? "stack" : "mapping";
        case evidence::Area::anonymous_mapping:
        case evidence::Area::file_mapping:
            break;
    }
    return "mapping";
}

/// The last call before the line that made the memory in which the address lies.
std::string origin_of(const Watched& watched, const Line& line) {
    const evidence::Region* region = watched.space.region_at(line.call, line.address);
    return region == nullptr ? "no brk and no mmap covers that address: the kernel put it there at the start"
                             : watched.run.calls[region->made_at].row;
}

void expect_true_areas(const Watched& watched) {
    expect_lines(watched);
    for (const Line& line : watched.printed.lines) {
        const std::string truth = true_area(watched, line);
        if (line.area == truth) {
            continue;
        }
        fail({.expected = fmt::format("{}: at size {} the address {:#x} lies in the area \"{}\"",
                                      watched.growth.mode, line.size, line.address, truth),
              .observed = fmt::format("\"{}\"", shown_line(line)),
              .evidence =
                  fmt::format("strace of {}:\n{}", watched.experiment.command(), origin_of(watched, line)),
              .next = under_strace(watched.experiment)});
    }
}

TEST(Areas, NamesTheArea) {
    for (Shared<Watched>* shared : {&string_watched, &reserve_watched, &realloc_watched}) {
        expect_true_areas(shared->get());
    }
}

Shared<std::vector<Watched>> other_thresholds{[](Lab& lab) {
    std::vector<Watched> runs;
    for (const char* mode : {"string", "realloc"}) {
        runs.push_back(watch(lab, {mode, drawn_size(), drawn(9'000, 60'000)}));
        runs.push_back(watch(lab, {mode, drawn_size(), drawn(300'000, 900'000)}));
    }
    return runs;
}};

TEST(Areas, FollowsTheThreshold) {
    std::ranges::for_each(other_thresholds.get(), expect_true_areas);
}

TEST(Areas, KeepsASmallStringInside) {
    constexpr std::uint64_t room_inside = 15;
    const Watched& watched = string_watched.get();
    expect_lines(watched);
    for (const Line& line : watched.printed.lines) {
        if (line.size <= room_inside && true_area(watched, line) != "stack") {
            fail({.expected =
                      fmt::format("string: at size {} the characters lie in a local std::string, which "
                                  "lies on the stack",
                                  line.size),
                  .observed = fmt::format("\"{}\": that address is not on the stack", shown_line(line)),
                  .evidence = fmt::format("strace of {}:\n{}", watched.experiment.command(),
                                          origin_of(watched, line)),
                  .next = under_strace(watched.experiment)});
        }
        if (line.size > room_inside && true_area(watched, line) == "stack") {
            fail({.expected = fmt::format(
                      "string: {} characters are too many for the object: they lie in a block", line.size),
                  .observed = fmt::format("\"{}\": that address is on the stack", shown_line(line)),
                  .evidence = fmt::format("$ {}", watched.experiment.command()),
                  .next = under_strace(watched.experiment)});
        }
    }
    // Under Memcheck nothing is where it usually is, but it knows every block.
    const Traced& traced = string_traced.get();
    expect_lines(traced);
    for (const Line& line : traced.printed.lines) {
        const auto blocks = traced.run.trace.blocks();
        const auto in_block = std::ranges::find_if(blocks, [&](const evidence::Block& block) {
            return line.address >= block.address && line.address < block.address + block.size;
        });
        if (line.size <= room_inside && in_block != blocks.end()) {
            fail({.expected = fmt::format("string: no block is allocated for {} characters", line.size),
                  .observed =
                      fmt::format("\"{}\" lies in a block of {} bytes", shown_line(line), in_block->size),
                  .evidence = fmt::format("the calls of new and malloc in {}", traced.experiment.command()),
                  .next = build_and("growing", traced.experiment.under("valgrind -q --trace-malloc=yes"))});
        }
    }
}

TEST(Areas, LetsTheKernelMoveThePages) {
    const Watched& watched = realloc_watched.get();
    expect_lines(watched);
    const evidence::Region* before = nullptr;
    std::size_t moves = 0;
    for (const Line& line : watched.printed.lines) {
        const evidence::Region* region = watched.space.region_at(line.call, line.address);
        if (region == nullptr || region->area != evidence::Area::anonymous_mapping) {
            region = nullptr;
        }
        if (before != nullptr && region != nullptr && region->asked_at == before->asked_at) {
            ++moves;
        }
        if (before != nullptr && (region == nullptr || region->asked_at != before->asked_at)) {
            fail({.expected =
                      "realloc: a text that lies in a mapping grows in it, or is moved with it (mremap)",
                  .observed = fmt::format("at size {} it lies in another one", line.size),
                  .evidence = fmt::format("strace of {}:\n{}\n{}", watched.experiment.command(),
                                          watched.run.calls[before->asked_at].row, origin_of(watched, line)),
                  .next = under_strace(watched.experiment)});
        }
        before = region;
    }
    if (moves == 0) {
        fail({.expected = fmt::format("realloc: a text of {} bytes is a mapping in the end",
                                      grouped(static_cast<std::int64_t>(watched.growth.most))),
              .observed = "no mapping holds two of the addresses",
              .evidence = fmt::format("$ {}\n{}", watched.experiment.command(), shown(watched.run.run.out)),
              .next = under_strace(watched.experiment)});
    }
}

}  // namespace
