#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "vmlab/evidence/procfs.hpp"

namespace vmlab::evidence {

/// A block of the preloaded allocator that shows writes: pages of its own, the first byte of the block being
/// the first of a page.
struct ShownBlock {
    std::uint64_t address = 0;
    std::vector<bool> written;  ///< for each page of the block, in order

    [[nodiscard]] std::size_t pages_written() const;
};

/// All such blocks of a process, in order of their addresses, `address` being one of them. Empty: there is no
/// such block at that address. Any thread may call it.
[[nodiscard]] std::vector<ShownBlock> shown_blocks(const std::vector<Mapping>& mappings,
                                                   std::uint64_t address);

}  // namespace vmlab::evidence
