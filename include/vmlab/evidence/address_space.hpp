#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vmlab/evidence/syscalls.hpp"

namespace vmlab::evidence {

/// What an address belongs to, as far as system calls tell.
enum class Area {
    heap,               ///< between the first program break and the present one (brk(2))
    anonymous_mapping,  ///< mmap(2), MAP_ANONYMOUS
    file_mapping,       ///< mmap(2) of a file: libraries above all
    elsewhere,          ///< the program itself, its stack, the vdso: mapped by the kernel at execve
};

/// One mapping, or what a munmap left of it. The heap is one, too; a move of the program break, and
/// mremap(2), end it and begin another.
struct Region {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    Area area = Area::elsewhere;
    std::size_t made_at = 0;   ///< position of the call that made it, in the record
    std::size_t asked_at = 0;  ///< of the mmap or first brk that it goes back to
    /// Of the call that ended it: munmap, mremap, brk, or an mmap in its place. Absent: still there at the
    /// end.
    std::optional<std::size_t> gone_at = std::nullopt;

    [[nodiscard]] std::uint64_t bytes() const { return end - start; }
    [[nodiscard]] bool contains(std::uint64_t address) const { return address >= start && address < end; }
    /// Whether it is there when the call at that position has returned.
    [[nodiscard]] bool exists_after(std::size_t position) const {
        return made_at <= position && (!gone_at || *gone_at > position);
    }
};

/// A program's address space over time, replayed from a record of its system calls: brk, mmap, munmap and
/// mremap of one process. Exact for what it is told; what the kernel maps at execve is not told. A plain
/// value: any number of threads may ask it.
class AddressSpace {
  public:
    explicit AddressSpace(const std::vector<SystemCall>& calls);

    /// What the address belongs to when the call at `position` of the record has returned.
    [[nodiscard]] Area area_at(std::size_t position, std::uint64_t address) const;
    /// The region that holds it then; null: none.
    [[nodiscard]] const Region* region_at(std::size_t position, std::uint64_t address) const;
    /// All that exist then, by address.
    [[nodiscard]] std::vector<Region> regions_after(std::size_t position) const;
    /// Every region that ever was, in the order in which they were made.
    [[nodiscard]] const std::vector<Region>& regions() const { return regions_; }

    /// Bytes of heap and anonymous mappings then.
    [[nodiscard]] std::uint64_t held_after(std::size_t position) const;
    [[nodiscard]] std::uint64_t heap_after(std::size_t position) const;
    /// The most that was ever held.
    [[nodiscard]] std::uint64_t most_held() const { return most_held_; }

    /// Whether the kernel got the memory at an address back by one of the calls from `from` up to, and
    /// without, `to`; the position of that call.
    [[nodiscard]] std::optional<std::size_t> given_back(std::uint64_t address, std::size_t from,
                                                        std::size_t to) const;

  private:
    void replay(const SystemCall& call, std::size_t position);
    void move_break(std::uint64_t to, std::size_t position);
    void add(Region region);
    /// Ends everything in [start, end); what stands out on either side goes on as a region of its own.
    void remove(std::uint64_t start, std::uint64_t end, std::size_t position);

    std::vector<Region> regions_;
    std::optional<std::uint64_t> first_break_;
    std::uint64_t present_break_ = 0;
    std::optional<std::size_t> first_brk_;
    std::vector<std::uint64_t> held_;  ///< by position
    std::uint64_t most_held_ = 0;
};

/// A number among a call's arguments, decimal or 0x…; 0 when there is none.
[[nodiscard]] std::uint64_t numeric_argument(const SystemCall& call, std::size_t position);

}  // namespace vmlab::evidence
