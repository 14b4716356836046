// Grader of activity 12: the blocks in which the text lies, as Memcheck's trace tells of them.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runs.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/memory_errors.hpp"

namespace {

using namespace growing;

constexpr std::uint64_t room_inside = 15;
/// A byte for a NUL, and the like.
constexpr std::uint64_t most_spare = 16;

std::string traced_by_valgrind(const Traced& traced) {
    return build_and("growing", traced.experiment.under("valgrind -q --trace-malloc=yes"));
}

/// The block of so many bytes that begins there.
std::optional<evidence::Block> block_of(const std::vector<evidence::Block>& blocks, std::uint64_t address,
                                        std::uint64_t bytes) {
    const auto found = std::ranges::find_if(
        blocks, [&](const auto& block) { return block.address == address && block.size == bytes; });
    return found == blocks.end() ? std::nullopt : std::optional(*found);
}

/// What was allocated at that address, for a card.
std::string blocks_at(const std::vector<evidence::Block>& blocks, std::uint64_t address) {
    std::string sizes;
    for (const evidence::Block& block : blocks) {
        if (block.address == address) {
            sizes += fmt::format("{}{}", sizes.empty() ? "" : ", ", block.size);
        }
    }
    return sizes.empty() ? "no block begins there" : "blocks that began there had these sizes: " + sizes;
}

TEST(Blocks, ReportsTheRoom) {
    for (Shared<Traced>* shared : {&string_traced, &reserve_traced, &realloc_traced}) {
        const Traced& traced = shared->get();
        expect_lines(traced);
        const bool is_string = traced.growth.mode != "realloc";
        const auto blocks = traced.run.trace.blocks();
        for (const Line& line : traced.printed.lines) {
            // A string's block has a byte more, for the NUL behind the text.
            const bool inside = is_string && line.size <= room_inside && line.room == room_inside;
            const bool right =
                inside || block_of(blocks, line.address, line.room + (is_string ? 1 : 0)).has_value();
            if (right && line.room >= line.size) {
                continue;
            }
            fail({.expected =
                      fmt::format("{}: at size {} the room is {}", traced.growth.mode, line.size,
                                  inside      ? "15, that in the object"
                                  : is_string ? "one byte less than the block at the printed address has"
                                              : "the size of the block at the printed address"),
                  .observed = fmt::format("\"{}\"; {}", shown_line(line),
                                          inside ? "no block is needed" : blocks_at(blocks, line.address)),
                  .evidence =
                      fmt::format("the calls of new, malloc and realloc in {}", traced.experiment.command()),
                  .next = traced_by_valgrind(traced)});
        }
    }
}

/// The blocks that the printed addresses name, each once, in order.
std::vector<evidence::Block> text_blocks(const Traced& traced) {
    const auto blocks = traced.run.trace.blocks();
    std::vector<evidence::Block> chain;
    for (const Line& line : traced.printed.lines) {
        const auto block = block_of(blocks, line.address, line.room + 1);
        if (block && (chain.empty() || chain.back().allocated_at != block->allocated_at)) {
            chain.push_back(*block);
        }
    }
    return chain;
}

TEST(Blocks, GrowsAStdString) {
    const Traced& traced = string_traced.get();
    expect_lines(traced);
    const auto chain = text_blocks(traced);
    std::string observed;
    for (std::size_t i = 0; i < chain.size() && observed.empty(); ++i) {
        if (!chain[i].function.starts_with("_Znw")) {
            observed = fmt::format("a block of {} bytes comes from {}, not from new", chain[i].size,
                                   chain[i].function);
        }
        if (i == 0) {
            continue;
        }
        if (chain[i].size <= chain[i - 1].size) {
            observed =
                fmt::format("a block of {} bytes is followed by one of {}", chain[i - 1].size, chain[i].size);
        }
        if (chain[i - 1].freed_at && *chain[i - 1].freed_at < chain[i].allocated_at) {
            observed = fmt::format("the block of {} bytes was freed before the one of {} was taken",
                                   chain[i - 1].size, chain[i].size);
        }
    }
    // 31, 61, 121, ... up to more than SIZE: one for each line behind the first five, about.
    const std::size_t least = sizes_up_to(traced.growth.most).size() - 7;
    if (observed.empty() && chain.size() >= least) {
        return;
    }
    fail({.expected =
              "string: a std::string that grows by itself: block after block from new, each larger, and the "
              "one before is freed when the text has been copied",
          .observed = observed.empty() ? fmt::format("{} such blocks for {} lines", chain.size(),
                                                     traced.printed.lines.size())
                                       : observed,
          .evidence = fmt::format("the calls of new and delete in {}", traced.experiment.command()),
          .next = traced_by_valgrind(traced)});
}

TEST(Blocks, ReservesOnce) {
    const Traced& traced = reserve_traced.get();
    expect_lines(traced);
    const Watched& watched = reserve_watched.get();
    expect_lines(watched);
    const auto chain = text_blocks(traced);
    const auto stays = [](const std::vector<Line>& lines) {
        return std::ranges::all_of(lines,
                                   [&](const Line& line) { return line.address == lines.front().address; });
    };
    if (stays(traced.printed.lines) && stays(watched.printed.lines) && chain.size() == 1 &&
        chain.front().function.starts_with("_Znw") && chain.front().size > traced.growth.most) {
        return;
    }
    fail({.expected =
              fmt::format("reserve: one block from new with room for {} characters and more, from the first "
                          "line on",
                          traced.growth.most),
          .observed = fmt::format("{} block(s) at the printed addresses; the first has {} bytes",
                                  chain.size(), chain.empty() ? 0 : chain.front().size),
          .evidence = fmt::format("$ {}\n{}", traced.experiment.command(), shown(traced.run.run.out)),
          .next = traced_by_valgrind(traced)});
}

TEST(Blocks, UsesRealloc) {
    const Traced& traced = realloc_traced.get();
    expect_lines(traced);
    const auto& calls = traced.run.trace.calls;
    for (std::size_t i = 1; i < traced.printed.lines.size(); ++i) {
        const Line& line = traced.printed.lines[i];
        const bool by_realloc = std::ranges::any_of(calls, [&](const evidence::AllocationCall& call) {
            return call.function == "realloc" && call.size == line.room && call.result == line.address;
        });
        if (by_realloc && line.room <= line.size + most_spare) {
            continue;
        }
        fail({.expected =
                  fmt::format("realloc: at size {} the block was made larger by std::realloc(text, {})",
                              line.size, line.size),
              .observed = fmt::format("no such call returned {:#x}", line.address),
              .evidence = fmt::format("the calls of malloc and realloc in {}", traced.experiment.command()),
              .next = traced_by_valgrind(traced)});
    }
}

TEST(Blocks, FreesEverything) {
    for (Shared<Traced>* shared : {&string_traced, &reserve_traced, &realloc_traced}) {
        const Traced& traced = shared->get();
        expect_lines(traced);
        const std::string next = build_and("growing", traced.experiment.under("valgrind --leak-check=full"));
        if (auto card =
                grading::first_memory_error({{.when = {}, .run = traced.run, .next = next}}, "growing.cpp")) {
            fail(std::move(*card));
        }
        grading::expect_exit(traced.run.run, traced.experiment.doing("under Memcheck"));
        if (traced.run.report.leaks.empty()) {
            continue;
        }
        const evidence::Leak& leak = traced.run.report.leaks.front();
        const evidence::Frame* place = leak.at("growing.cpp");
        fail({.expected = "at the end every block has been freed",
              .observed = fmt::format("{} bytes in {} block(s) are {}",
                                      grouped(static_cast<std::int64_t>(leak.bytes)), leak.blocks,
                                      evidence::name_of(leak.kind)),
              .evidence =
                  fmt::format("Memcheck on {}{}", traced.experiment.command(),
                              place != nullptr ? fmt::format(": allocated at growing.cpp:{}", place->line)
                                               : std::string()),
              .next = next});
    }
}

}  // namespace
