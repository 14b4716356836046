#include "vmlab/evidence/address_space.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace vmlab::evidence {

namespace {

/// The kernel maps and unmaps whole pages.
std::uint64_t whole_pages(std::uint64_t bytes) {
    constexpr std::uint64_t page = 4096;
    return (bytes + page - 1) / page * page;
}

bool is_own_memory(Area area) {
    return area == Area::heap || area == Area::anonymous_mapping;
}

}  // namespace

std::uint64_t numeric_argument(const SystemCall& call, std::size_t position) {
    return position < call.arguments.size() ? std::strtoull(call.arguments[position].c_str(), nullptr, 0) : 0;
}

AddressSpace::AddressSpace(const std::vector<SystemCall>& calls) {
    held_.reserve(calls.size());
    std::uint64_t held = 0;
    for (std::size_t position = 0; position < calls.size(); ++position) {
        const std::size_t before = regions_.size();
        if (!calls[position].failed() && calls[position].result) {
            replay(calls[position], position);
        }
        for (const Region& region : regions_) {
            if (is_own_memory(region.area) && region.gone_at == position && region.made_at != position) {
                held -= region.bytes();
            }
        }
        for (std::size_t i = before; i < regions_.size(); ++i) {
            held += is_own_memory(regions_[i].area) && !regions_[i].gone_at ? regions_[i].bytes() : 0;
        }
        held_.push_back(held);
        most_held_ = std::max(most_held_, held);
    }
}

void AddressSpace::add(Region region) {
    if (region.bytes() > 0) {
        regions_.push_back(region);
    }
}

void AddressSpace::remove(std::uint64_t start, std::uint64_t end, std::size_t position) {
    const std::size_t count = regions_.size();
    for (std::size_t i = 0; i < count; ++i) {
        const Region old = regions_[i];
        if (old.gone_at || old.end <= start || old.start >= end) {
            continue;
        }
        regions_[i].gone_at = position;
        Region rest = old;
        rest.made_at = position;
        rest.end = std::max(old.start, std::min(start, old.end));
        add(rest);
        rest.start = std::min(old.end, std::max(end, old.start));
        rest.end = old.end;
        add(rest);
    }
}

void AddressSpace::move_break(std::uint64_t to, std::size_t position) {
    if (!first_break_) {
        first_break_ = to;
        first_brk_ = position;
    } else if (to != present_break_) {
        remove(*first_break_, std::max(present_break_, to), position);
        add({*first_break_, std::max(to, *first_break_), Area::heap, position, *first_brk_});
    }
    present_break_ = to;
}

void AddressSpace::replay(const SystemCall& call, std::size_t position) {
    const auto result = static_cast<std::uint64_t>(*call.result);
    if (call.name == "brk") {
        move_break(result, position);
    } else if (call.name == "mmap") {
        const std::uint64_t end = result + whole_pages(numeric_argument(call, 1));
        const bool anonymous =
            call.arguments.size() > 3 && call.arguments[3].find("MAP_ANONYMOUS") != std::string::npos;
        remove(result, end, position);  // MAP_FIXED takes the place of what was there
        add({result, end, anonymous ? Area::anonymous_mapping : Area::file_mapping, position, position});
    } else if (call.name == "munmap") {
        const std::uint64_t start = numeric_argument(call, 0);
        remove(start, start + whole_pages(numeric_argument(call, 1)), position);
    } else if (call.name == "mremap") {
        const std::uint64_t start = numeric_argument(call, 0);
        const Region* old = position == 0 ? nullptr : region_at(position - 1, start);
        Region moved{result, result + whole_pages(numeric_argument(call, 2)),
                     old == nullptr ? Area::elsewhere : old->area, position,
                     old == nullptr ? position : old->asked_at};
        remove(start, start + whole_pages(numeric_argument(call, 1)), position);
        remove(moved.start, moved.end, position);
        add(moved);
    }
}

const Region* AddressSpace::region_at(std::size_t position, std::uint64_t address) const {
    const auto found = std::find_if(regions_.begin(), regions_.end(), [&](const Region& region) {
        return region.contains(address) && region.exists_after(position);
    });
    return found == regions_.end() ? nullptr : &*found;
}

Area AddressSpace::area_at(std::size_t position, std::uint64_t address) const {
    const Region* region = region_at(position, address);
    return region == nullptr ? Area::elsewhere : region->area;
}

std::vector<Region> AddressSpace::regions_after(std::size_t position) const {
    std::vector<Region> existing;
    std::copy_if(regions_.begin(), regions_.end(), std::back_inserter(existing),
                 [position](const Region& region) { return region.exists_after(position); });
    std::sort(existing.begin(), existing.end(),
              [](const Region& one, const Region& other) { return one.start < other.start; });
    return existing;
}

std::uint64_t AddressSpace::held_after(std::size_t position) const {
    return held_.empty() ? 0 : held_[std::min(position, held_.size() - 1)];
}

std::uint64_t AddressSpace::heap_after(std::size_t position) const {
    std::uint64_t bytes = 0;
    for (const Region& region : regions_) {
        bytes += region.area == Area::heap && region.exists_after(position) ? region.bytes() : 0;
    }
    return bytes;
}

std::optional<std::size_t> AddressSpace::given_back(std::uint64_t address, std::size_t from,
                                                    std::size_t to) const {
    std::optional<std::size_t> first;
    for (const Region& region : regions_) {
        const bool ended = region.contains(address) && is_own_memory(region.area) && region.gone_at &&
                           *region.gone_at >= from && *region.gone_at < to;
        // Another region goes on at the address when a neighbouring part was unmapped, or the break moved.
        if (ended && !is_own_memory(area_at(*region.gone_at, address)) &&
            (!first || *region.gone_at < *first)) {
            first = region.gone_at;
        }
    }
    return first;
}

}  // namespace vmlab::evidence
