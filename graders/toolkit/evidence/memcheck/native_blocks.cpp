#include "vmlab/evidence/native_blocks.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "inside/block_record.hpp"

namespace vmlab::evidence {
namespace {

using inside::BlockLog;
using inside::BlockRecord;

/// The next value that lies in the memory; absent when it is too short.
template <class Value>
std::optional<Value> take_value(std::string_view& memory) {
    Value value{};
    if (memory.size() < sizeof value) {
        return std::nullopt;
    }
    std::memcpy(&value, memory.data(), sizeof value);
    memory.remove_prefix(sizeof value);
    return value;
}

}  // namespace

std::size_t NativeBlocks::taken(std::uint64_t size) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(blocks, [size](const NativeBlock& block) { return block.size == size; }));
}

std::map<std::uint64_t, std::size_t> NativeBlocks::never_freed() const {
    std::map<std::uint64_t, std::size_t> sizes;
    for (const NativeBlock& block : blocks) {
        if (block.programs_own && !block.given_back) {
            ++sizes[block.size];
        }
    }
    return sizes;
}

NativeBlocks native_blocks(std::string_view memory) {
    NativeBlocks found;
    const auto log = take_value<BlockLog>(memory);
    if (!log || log->sign != BlockLog::open_sign) {
        return found;
    }
    found.heard = true;
    found.own_malloc = log->own_malloc != 0;
    found.overflowed = log->records > inside::most_block_records;
    std::unordered_map<std::uint64_t, std::size_t> alive;  // address -> position in blocks
    for (std::uint64_t at = 0; at < log->records; ++at) {
        const auto record = take_value<BlockRecord>(memory);
        if (!record) {
            break;
        }
        if (record->kind == BlockRecord::given_back) {
            if (const auto block = alive.find(record->address); block != alive.end()) {
                found.blocks[block->second].given_back = true;
                alive.erase(block);
            }
        } else if (record->kind >= BlockRecord::by_program && record->kind <= BlockRecord::by_library) {
            alive[record->address] = found.blocks.size();
            found.blocks.push_back({.address = record->address,
                                    .size = record->size,
                                    .programs_own = record->kind != BlockRecord::by_library});
        }
    }
    return found;
}

}  // namespace vmlab::evidence
