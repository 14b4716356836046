#include "vmlab/evidence/shown_blocks.hpp"

#include <unistd.h>

#include <algorithm>
#include <iterator>

namespace vmlab::evidence {
namespace {

bool is_gap(const Mapping& mapping) {
    return mapping.permissions.starts_with("---");
}

/// Of the region (graders/toolkit/inside/shows_writes.cpp, edge_pages). Between blocks a gap has one or two
/// pages, and the guard of a thread's stack one.
bool is_edge(const Mapping& mapping) {
    constexpr std::uint64_t least_bytes = std::uint64_t{64} * 4096;
    return is_gap(mapping) && mapping.bytes() >= least_bytes;
}

}  // namespace

std::size_t ShownBlock::pages_written() const {
    return static_cast<std::size_t>(std::ranges::count(written, true));
}

std::vector<ShownBlock> shown_blocks(const std::vector<Mapping>& mappings, std::uint64_t address) {
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    const auto holds = std::ranges::find_if(
        mappings, [address](const Mapping& mapping) { return mapping.contains(address); });
    if (holds == mappings.end() || is_gap(*holds)) {
        return {};
    }
    // The allocator's region: mappings without a hole between them, wide gaps at both ends.
    auto first = holds;
    while (first != mappings.begin() && std::prev(first)->end == first->start && first->path.empty() &&
           !is_edge(*first)) {
        --first;
    }
    if (!is_edge(*first)) {
        return {};
    }
    std::vector<ShownBlock> blocks;
    ShownBlock block;
    bool after_gap = false;
    for (auto each = first; each != mappings.end() && (each == first || each->start == std::prev(each)->end);
         ++each) {
        if (is_gap(*each)) {
            if (after_gap && !block.written.empty()) {
                blocks.push_back(block);
            }
            if (is_edge(*each) && each != first) {
                break;
            }
            block = {};
            after_gap = true;
            continue;
        }
        if (block.written.empty()) {
            block.address = each->start;
        }
        block.written.insert(block.written.end(), (each->end - each->start) / page,
                             each->permissions.starts_with("rw"));
    }
    const bool is_one = std::ranges::find(blocks, address, &ShownBlock::address) != blocks.end();
    return is_one ? blocks : std::vector<ShownBlock>();
}

}  // namespace vmlab::evidence
