#include "mended.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace leaks {

namespace {

/// The one line that may come right although its blocks forgot everything: a program may keep the number of
/// its nodes beside them, as containers do. A sum or a text that stands nowhere but in blocks cannot be kept.
constexpr std::string_view counted_line = "nodes in the list:";

/// The lines of the report that were printed as always, though nothing that they are read from was left.
std::vector<std::string> printed_all_the_same(const std::string& report, const std::string& printed) {
    const std::vector<std::string> lines = grading::lines_of(printed);
    std::vector<std::string> same = grading::lines_of(report);
    std::erase_if(same, [&lines](const std::string& line) {
        return line.starts_with(counted_line) || std::ranges::find(lines, line) == lines.end();
    });
    return same;
}

}  // namespace

std::optional<Constants> find_constants(Lab& lab) {
    const std::string& report = starter.get().run.out;
    const std::string next = "read leaks.cpp: does each line that is printed come out of a block?";
    const std::size_t half = number_of_blocks(wanted()) / 2;
    for (const std::size_t working : {std::size_t{0}, half}) {
        const process::Run run = run_without_any_memory(lab, working);
        if (run.out == report) {
            return Constants{
                .card = {.expected =
                             fmt::format("no complete report when only {} allocations get memory", working),
                         .observed = "the complete report, as if nothing had happened; " + run.describe(),
                         .evidence = excerpt(run.out),
                         .next = next},
                .only_for_show = true};
        }
    }
    const process::Run run = run_with_blocks_that_forget(lab);
    const std::vector<std::string> same = printed_all_the_same(report, run.out);
    if (same.empty()) {
        return std::nullopt;
    }
    return Constants{
        .card = {.expected = "other sums and no motto, when every block reads as zeros, whatever was written",
                 .observed = fmt::format("\"{}\", as always", same.front()),
                 .evidence =
                     "stdout, with blocks that lose what is written into them:\n" + grading::shown(run.out),
                 .next = next},
        .only_for_show = same.size() > 1};
}

void expect_every_block_allocated(const std::string& why) {
    const evidence::AllocationTrace& trace = mended.get().trace;
    const auto size = size_with_too_few(wanted(), trace);
    if (!size) {
        return;
    }
    const auto found = trace.blocks_of_size(*size);
    const std::string evidence = found.empty()
                                     ? fmt::format("no row like malloc({}) in the allocation trace", *size)
                                     : "the last of them: " + trace.calls[found.back().allocated_at].row;
    fail({.expected =
              fmt::format("blocks of {} bytes: {}, as in the original program", *size, wanted().at(*size)),
          .observed = fmt::format("blocks of {} bytes: {}", *size, found.size()),
          .evidence = evidence,
          .why = why,
          .next = show_trace()});
}

void expect_something_to_judge() {
    expect_every_block_allocated(
        "Without these blocks nothing can be said here: see StillAllocatesEveryBlock.");
}

}  // namespace leaks
